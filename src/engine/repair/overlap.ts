import { refcountBlockOffset } from '../check/count-refcount-blocks.ts';
import type { Subject } from '../check/subject.ts';
import type { HostOffset } from '../format/addresses.ts';
import { readSnapshotTable, SNAPSHOTS_MAX } from '../format/snapshot-table.ts';

/** The structure in whose clusters an L2 table at `tableOffset` lies by mistake, in QEMU's words, or null. */
export function overlappedStructure(subject: Subject, tableOffset: HostOffset): string | null {
  const { storage, header, geometry, refcountTable } = subject;
  const { clusterSize } = geometry;
  const first = Math.floor(tableOffset / clusterSize);
  // A table between clusters touches two.
  const last = Math.floor((tableOffset + clusterSize - 1) / clusterSize);
  const covers = (offset: HostOffset, size: number) =>
    size > 0 && last >= Math.floor(offset / clusterSize) && first <= Math.floor((offset + size - 1) / clusterSize);
  if (first === 0) return 'qcow2_header';
  if (covers(header.l1TableOffset, header.l1Size * 8)) return 'active L1 table';
  if (covers(header.refcountTableOffset, header.refcountTableClusters * clusterSize)) return 'refcount table';
  if (header.snapshotCount > 0 && covers(header.snapshotsOffset, 1)) return 'snapshot table';
  const snapshotCount = Math.min(header.snapshotCount, SNAPSHOTS_MAX);
  for (const entry of readSnapshotTable(storage, header.snapshotsOffset, snapshotCount)) {
    if (entry.at >= storage.size) break;
    if (covers(entry.l1TableOffset, entry.l1Size * 8)) return 'inactive L1 table';
  }
  for (let index = 0; index * 2 < refcountTable.length; index++) {
    const offset = refcountBlockOffset(refcountTable, index);
    if (offset !== 0 && covers(offset, clusterSize)) return 'refcount block';
  }
  return null;
}
