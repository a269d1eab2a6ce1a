import { DIRTY_BIT } from '../format/features.ts';
import { writeIncompatibleFeatures } from './feature-bits.ts';
import type { Image } from './image.ts';

/**
 * Marks the image dirty on disk before an L2 entry refers to a cluster whose refcount is not written yet. The flush
 * also makes the guest data before it durable.
 */
export function markDirty(image: Image): void {
  writeIncompatibleFeatures(image, image.header.incompatibleFeatures | DIRTY_BIT, 'header-dirty');
  image.file.flush('flush-ordering');
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
  clearDirtyBit(image);
}

/** The last step of {@link markClean}: to be called when all tables are durable. */
export function clearDirtyBit(image: Image): void {
  writeIncompatibleFeatures(image, image.header.incompatibleFeatures & ~DIRTY_BIT, 'header-clean');
  image.dirtyState = 'clean';
}
