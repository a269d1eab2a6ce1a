import { storeBitmaps } from '../bitmaps/store-bitmaps.ts';
import { flushesAfterWrite } from './cache-mode.ts';
import { markClean } from './dirty-bit.ts';
import type { Image } from './image.ts';

/** Makes every completed guest write durable. While the dirty bit stands, refcounts may stay behind. */
export function flushImage(image: Image): void {
  image.mustBeOpen();
  if (!image.isWritable || image.isMarkedCorrupt) return;
  writeTables(image);
  image.file.flush('flush-guest');
}

/** To be called at the end of every guest operation that changed something. */
export function endGuestWrite(image: Image): void {
  if (flushesAfterWrite(image.cacheMode)) flushImage(image);
}

/**
 * Writes everything back and closes the storage, even when writing fails. The dirty bit is cleared only if this session
 * set it and everything before reached the disk. An image marked corrupt is left as it is.
 */
export function closeImage(image: Image): void {
  if (image.isClosed) return;
  const problems: unknown[] = [];
  try {
    if (image.isWritable && !image.isMarkedCorrupt) {
      try {
        storeBitmaps(image);
      } catch (error) {
        // What the guest wrote matters more: it is brought home all the same. The bitmaps stay marked as in use.
        problems.push(error);
      }
      if (image.dirtyState === 'set-by-this-session') {
        markClean(image);
      } else {
        writeTables(image);
        image.refcounts.blocks.writeAll();
      }
      image.file.flush('flush-close');
      // Clusters freed last are released now; their holes were punched after the flush.
      image.file.flush('flush-close');
    }
  } finally {
    image.isClosed = true;
    image.storage.close();
    if (image.dataFile !== image.file) image.dataFile.storage.close();
  }
  if (problems.length > 0) throw problems[0];
}

/** Writes L2 tables and refcounts, each after what it depends on, and makes them durable, dirty bit or not. */
export function writeTablesDurably(image: Image): void {
  image.l2Tables.writeAll();
  image.refcounts.blocks.writeAll();
  image.file.flush('flush-ordering');
}

function writeTables(image: Image): void {
  image.l2Tables.writeAll();
  if (!image.isDirty) image.refcounts.blocks.writeAll();
}
