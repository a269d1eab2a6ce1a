import { EngineError } from '../errors.ts';
import type { Image } from '../image/image.ts';
import { mustBeConsistent, sizeProblemOf } from './edit-bitmaps.ts';
import { loadBitmaps } from './take-bitmaps.ts';

/**
 * Whether the bitmaps can follow the disk to a new size; how large they become is another question. Nothing is changed.
 * @throws EngineError unsupported where an inconsistent bitmap, which nobody can resize, stands in the way
 */
export function judgeBitmapsFor(image: Image, size: number): void {
  const { list } = image.bitmaps;
  if (size === 0 && list.length > 0) {
    throw new EngineError('unsupported', 'A disk with persistent bitmaps cannot become empty. Nothing was changed.');
  }
  loadBitmaps(image);
  for (const bitmap of list) mustBeConsistent(bitmap);
}

/** @throws EngineError unsupported where a bitmap of a disk of `size` bytes would be larger than an image may hold */
export function judgeBitmapSpaceFor(image: Image, size: number): void {
  for (const { name, granularityBits } of image.bitmaps.list) {
    const problem = sizeProblemOf(image, size, granularityBits);
    if (problem === null) continue;
    throw new EngineError('unsupported', `Bitmap '${name}' doesn't satisfy the constraints: ${problem}`);
  }
}

/** Lets the bitmaps, which are marked in use on disk, follow the disk to the size that it has now. */
export function resizeBitmaps({ bitmaps, virtualSize }: Image): void {
  for (const bitmap of bitmaps.list) mustBeConsistent(bitmap).resize(virtualSize);
}
