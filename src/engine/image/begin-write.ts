import { takeBitmaps } from '../bitmaps/take-bitmaps.ts';
import type { GuestOffset } from '../format/addresses.ts';
import type { Image } from './image.ts';

/**
 * What every guest operation that changes something begins with. The bitmaps record the range before it is written: a
 * write that fails half way leaves too much recorded, never too little.
 * @throws EngineError closed, read-only, invalid-argument (range)
 */
export function beginGuestWrite(image: Image, at: GuestOffset, length: number): void {
  image.mustBeWritable();
  image.mustContain(at, length);
  if (!image.bitmaps.isMarkedInUse) takeBitmaps(image);
  for (const bits of image.bitmaps.recording) bits.set(at, length);
}
