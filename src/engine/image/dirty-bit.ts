import { DIRTY_BIT } from '../format/features.ts';
import type { Image } from './image.ts';

const INCOMPATIBLE_FEATURES_AT = 72;

/**
 * Marks the image dirty on disk before an L2 entry refers to a cluster whose refcount is not written yet. The flush
 * also makes the guest data before it durable.
 */
export function markDirty(image: Image): void {
  writeIncompatibleFeatures(image, image.header.incompatibleFeatures | DIRTY_BIT, 'header-dirty');
  image.file.flush('flush-ordering');
  image.header.incompatibleFeatures |= DIRTY_BIT;
  image.dirtyState = 'set-by-this-session';
}

/**
 * Clears the dirty bit that this session set: all tables first, durable, then the bit. A bit that was found at open and
 * not repaired stays, since nobody has verified the refcounts behind it.
 */
export function markClean(image: Image): void {
  image.l2Tables.writeAll();
  image.refcounts.blocks.writeAll();
  image.file.flush('flush-ordering');
  writeIncompatibleFeatures(image, image.header.incompatibleFeatures & ~DIRTY_BIT, 'header-clean');
  image.header.incompatibleFeatures &= ~DIRTY_BIT;
  image.dirtyState = 'clean';
}

/** Eight aligned bytes within one sector: never torn. */
function writeIncompatibleFeatures(image: Image, features: bigint, why: 'header-dirty' | 'header-clean'): void {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, features);
  image.file.write(INCOMPATIBLE_FEATURES_AT, bytes, why);
}
