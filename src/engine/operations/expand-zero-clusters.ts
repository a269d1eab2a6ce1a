import type { HostOffset } from '../format/addresses.ts';
import { COPIED_HIGH } from '../format/l1-entry.ts';
import { l2KindOf } from '../format/l2-entry.ts';
import type { Image } from '../image/image.ts';
import {
  highOf,
  hostOffsetOf,
  judgeHostOffset,
  judgeL2Offset,
  l2EntryAt,
  lowOf,
  setL2Entry,
} from '../image/l2-access.ts';
import { releaseClusters } from '../image/link.ts';
import type { LongTask } from '../progress.ts';
import { allL2Tables, l1EntryCount } from './l1-tables.ts';

/**
 * Turns every entry that says "zeros" by a flag into one without it: unallocated where nothing lies behind the image,
 * else a cluster full of zeros. The disk and all snapshots read as before at every moment.
 * @throws EngineError corrupt for a table or a reserved cluster between two clusters; the image is marked corrupt then
 */
export function* expandZeroClusters(image: Image): LongTask<void> {
  const total = l1EntryCount(image);
  for (const { l2Offset, l1Index, visited } of allL2Tables(image)) {
    judgeL2Offset(image, l2Offset, l1Index);
    if (l2Offset !== 0) expandInTable(image, l2Offset);
    yield { phase: 'expand-zeros', done: visited, total };
  }
}

function expandInTable(image: Image, l2Offset: HostOffset): void {
  // Each reference to the table is one to every cluster in it.
  const references = image.refcounts.get(image.clusterOf(l2Offset));
  for (let index = 0; index < image.geometry.l2Entries; index++) {
    const entry = l2EntryAt(image, l2Offset, index);
    const kind = l2KindOf(image.geometry, highOf(entry), lowOf(entry));
    if (kind === 'zero-plain' && image.backing === null) setL2Entry(image, entry, 0, 0);
    else if (kind === 'zero-plain' || kind === 'zero-alloc') {
      expandEntry(image, { l2Offset, index, references, reserved: hostOffsetOf(entry) });
    }
  }
}

interface ZeroEntry {
  readonly l2Offset: HostOffset;
  readonly index: number;
  readonly references: number;
  /** The cluster that is reserved for it; 0 for none. */
  readonly reserved: HostOffset;
}

function expandEntry(image: Image, { l2Offset, index, references, reserved }: ZeroEntry): void {
  const { clusterSize } = image.geometry;
  judgeHostOffset(image, l2EntryAt(image, l2Offset, index), reserved);
  // A reserved cluster with references from elsewhere may hold a snapshot's data there.
  const isOwn = reserved !== 0 && image.refcounts.get(image.clusterOf(reserved)) <= references;
  const hostOffset = isOwn ? reserved : allocateZeros(image, references);
  image.file.write(hostOffset, new Uint8Array(clusterSize), 'zero-fill');
  // The entry stops saying "zeros" only when the cluster holds them.
  image.l2Tables.dependOnFlush();
  const copied = references === 1 ? COPIED_HIGH : 0;
  const entry = l2EntryAt(image, l2Offset, index);
  setL2Entry(image, entry, (copied | Math.floor(hostOffset / 2 ** 32)) >>> 0, hostOffset % 2 ** 32);
  if (isOwn || reserved === 0) return;
  for (let count = 0; count < references; count++) {
    releaseClusters(image, { hostOffset: reserved, clusterCount: 1 }, { punchHole: false });
  }
}

/** A new cluster, referred to from every copy of the table; its refcount is durable before any entry names it. */
function allocateZeros(image: Image, references: number): HostOffset {
  const hostOffset = image.allocator.allocate(1);
  for (let count = 1; count < references; count++) image.allocator.reference(hostOffset, 1);
  image.l2Tables.dependOn(image.refcounts.blocks);
  return hostOffset;
}
