import type { GuestOffset } from '../format/addresses.ts';
import { l1IndexOf, l2IndexOf } from '../format/geometry.ts';
import { writeFreshTable } from './fresh-table.ts';
import type { Image } from './image.ts';
import { markCorrupt } from './mark-corrupt.ts';
import { l2EntryAt, l2OffsetOf, type L2Entry } from './l2-access.ts';
import { freeingOnFailure } from './undo-allocation.ts';

/**
 * The L2 entry that maps a guest offset, in a table that may be changed: a missing table is made, one shared with a
 * snapshot is copied first.
 */
export function ensureL2Entry(image: Image, guestOffset: GuestOffset): L2Entry {
  const l1Index = l1IndexOf(image.geometry, guestOffset);
  if (l2OffsetOf(image, l1Index) === 0 || !image.l1.isCopiedAt(l1Index)) makeOwnL2Table(image, l1Index);
  return l2EntryAt(image, l2OffsetOf(image, l1Index), l2IndexOf(image.geometry, guestOffset));
}

function makeOwnL2Table(image: Image, l1Index: number): void {
  const { clusterSize } = image.geometry;
  const sharedOffset = l2OffsetOf(image, l1Index);
  const table = new Uint8Array(clusterSize);
  if (sharedOffset !== 0) {
    image.l2Tables.writeAll();
    image.file.event('l2_alloc_cow_read');
    image.file.read(sharedOffset, table);
  }
  const l2Offset = image.allocator.allocate(1);
  if (l2Offset === 0) markCorrupt(image, 'Preventing invalid allocation of L2 table at offset 0');
  // The table and its refcount are durable before the L1 entry names it: a crash in between loses a cluster, the other
  // order could show foreign bytes as a table. Under the dirty bit a crash leads to a repair, so the refcounts go without
  // a flush, but they go: should no write succeed any more, those on disk are right up to this table. They go after the
  // table, since the repair does not look for a refcount of a cluster past the end of the file.
  freeingOnFailure(image, l2Offset, 1, () => {
    if (!image.isDirty) image.refcounts.blocks.writeAll();
    image.file.event('l2_alloc_write');
    writeFreshTable(image.file, l2Offset, table, 'l2-new');
    image.file.flush('flush-ordering');
    if (image.isDirty) image.refcounts.blocks.writeAll();
  });
  // If this fails, the disk may name the table all the same; so it stays allocated.
  image.l1.link(image.file, l1Index, l2Offset);
  image.l2Tables.adopt(l2Offset, table);
  image.guard.add(l2Offset, 'active L2 table');
  if (sharedOffset !== 0) {
    // The snapshot's reference is counted down only after the L1 entry stopped using the shared table.
    image.refcounts.blocks.dependOnFlush();
    image.allocator.free(sharedOffset, 1);
  }
}
