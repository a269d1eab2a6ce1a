import { EngineError } from '../errors.ts';
import type { Image } from '../image/image.ts';
import { mustBeConsistent } from './edit-bitmaps.ts';
import { loadBitmaps, takeBitmaps } from './take-bitmaps.ts';

/**
 * Lets the bitmaps follow the disk to a new size, before anything else does. They are marked in use first: until the close
 * stores them anew, those on disk have the old size.
 * @throws EngineError unsupported where an inconsistent bitmap, which nobody can resize, stands in the way
 */
export function resizeBitmaps(image: Image, size: number): void {
  const { bitmaps } = image;
  if (size === 0 && bitmaps.list.length > 0) {
    throw new EngineError('unsupported', 'A disk with persistent bitmaps cannot become empty. Nothing was changed.');
  }
  loadBitmaps(image);
  for (const bitmap of bitmaps.list) mustBeConsistent(bitmap);
  takeBitmaps(image);
  for (const bitmap of bitmaps.list) mustBeConsistent(bitmap).resize(size);
}
