import { viewOf } from '../bytes/big-endian.ts';
import { BITMAP_DIRECTORY_ENTRY, BITMAP_IN_USE } from '../format/bitmap-directory.ts';
import type { GuestOffset } from '../format/addresses.ts';
import type { Image } from './image.ts';

/**
 * What every guest operation that changes something begins with.
 * @throws EngineError closed, read-only, invalid-argument (range)
 */
export function beginGuestWrite(image: Image, at: GuestOffset, length: number): void {
  image.mustBeWritable();
  image.mustContain(at, length);
  if (!image.bitmapsAreInUse) markBitmapsInUse(image);
}

/**
 * Marks the persistent bitmaps as in use, durably, before the first change. They do not record what this session writes,
 * and the flag keeps everybody from believing that they do: they stay in the image, and count as inconsistent.
 */
function markBitmapsInUse(image: Image): void {
  const { bitmaps, extensions } = image.head;
  for (const entry of bitmaps) {
    if ((entry.flags & BITMAP_IN_USE) !== 0) continue;
    const flags = new Uint8Array(4);
    viewOf(flags).setUint32(0, entry.flags | BITMAP_IN_USE);
    const at = extensions.bitmaps!.directoryOffset + entry.at + BITMAP_DIRECTORY_ENTRY.fields.flags.at;
    image.file.write(at, flags, 'bitmap-dir');
  }
  image.file.flush('flush-ordering');
  image.bitmapsAreInUse = true;
}
