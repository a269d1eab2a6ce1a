import { viewOf } from '../bytes/big-endian.ts';
import { isEngineError } from '../errors.ts';
import { BITMAP_DIRECTORY_ENTRY, BITMAP_IN_USE, type BitmapEntry } from '../format/bitmap-directory.ts';
import type { Image } from '../image/image.ts';
import { loadBits } from './load-bits.ts';

/** Reads the bits of all bitmaps that can be believed; one that cannot be read is inconsistent from now on. */
export function loadBitmaps(image: Image): void {
  for (const bitmap of image.bitmaps.list) {
    if (bitmap.isInconsistent || bitmap.bits !== null) continue;
    const { clusterSize } = image.geometry;
    try {
      bitmap.bits = loadBits(image.storage, bitmap.stored!, { virtualSize: image.virtualSize, clusterSize });
    } catch (error) {
      if (!isEngineError(error) || error.code !== 'invalid-image') throw error;
      bitmap.isInconsistent = true;
    }
  }
}

/**
 * Before the first change of the disk: reads the bitmaps and marks them as in use, durably. Whoever opens the image after
 * a crash finds the flag and knows that changes are missing in them.
 */
export function takeBitmaps(image: Image): void {
  const { bitmaps } = image;
  loadBitmaps(image);
  bitmaps.chooseRecording();
  if (bitmaps.isMarkedInUse) return;
  // Removed ones stand in the directory until the close replaces it.
  const stored = [...bitmaps.removed, ...bitmaps.list.flatMap((bitmap) => bitmap.stored ?? [])];
  const valid = stored.filter(({ flags }) => (flags & BITMAP_IN_USE) === 0);
  for (const entry of valid) markInUse(image, entry);
  if (valid.length > 0) image.file.flush('flush-ordering');
  bitmaps.isMarkedInUse = true;
  bitmaps.isChanged ||= bitmaps.list.some(({ bits }) => bits !== null);
}

/** Four aligned bytes within one sector. */
function markInUse(image: Image, entry: BitmapEntry): void {
  const flags = new Uint8Array(4);
  viewOf(flags).setUint32(0, entry.flags | BITMAP_IN_USE);
  const at = image.bitmaps.directory!.directoryOffset + entry.at + BITMAP_DIRECTORY_ENTRY.fields.flags.at;
  image.file.write(at, flags, 'bitmap-dir');
}
