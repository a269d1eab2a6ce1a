import { ceilDiv } from '../bytes/align.ts';
import { HEADER } from '../format/header.ts';
import { countAndOffset, switchPointer } from '../image/header-pointer.ts';
import type { Image } from '../image/image.ts';
import { L1Table } from '../image/l1-table.ts';
import { freeingOnFailure } from '../image/undo-allocation.ts';

/** Moves the active L1 table to a place with room for `entryCount` entries; the new ones map nothing. */
export function growL1Table(image: Image, entryCount: number): void {
  if (entryCount <= image.l1.entryCount) return;
  const { allocator, file, geometry } = image;
  file.event('l1_grow_alloc_table');
  const clusterCount = ceilDiv(entryCount * 8, geometry.clusterSize);
  const hostOffset = allocator.allocate(clusterCount);
  const table = new Uint8Array(entryCount * 8);
  table.set(image.l1.bytes());
  // Table and refcounts are durable before the header points to them.
  freeingOnFailure(image, hostOffset, clusterCount, () => {
    image.refcounts.blocks.writeAll();
    file.event('l1_grow_write_table');
    file.write(hostOffset, table, 'l1-grow');
    file.flush('flush-ordering');
  });
  switchL1Table(image, new L1Table(hostOffset, table));
}

/** Points the header to another active L1 table (12 bytes within one sector), durably, and frees the old one. */
function switchL1Table(image: Image, table: L1Table): void {
  const { header, file, geometry } = image;
  file.event('l1_grow_activate_table');
  switchPointer(file, {
    at: HEADER.fields.l1Size.at,
    before: countAndOffset(header.l1Size, header.l1TableOffset),
    after: countAndOffset(table.entryCount, table.hostOffset),
    why: 'header-other',
  });
  const old = { hostOffset: header.l1TableOffset, clusters: ceilDiv(header.l1Size * 8, geometry.clusterSize) };
  header.l1Size = table.entryCount;
  header.l1TableOffset = table.hostOffset;
  image.l1 = table;
  image.allocator.freeUnreferenced(old.hostOffset, old.clusters);
}
