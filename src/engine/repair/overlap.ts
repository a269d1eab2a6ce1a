import { refcountBlockOffset } from '../check/count-refcount-blocks.ts';
import type { Subject } from '../check/subject.ts';
import type { HostOffset } from '../format/addresses.ts';
import { readSnapshotTable, SNAPSHOTS_MAX, type SnapshotEntry } from '../format/snapshot-table.ts';

export const ACTIVE_L1 = 'active L1 table';

/**
 * The structure in whose clusters a table lies by mistake, in QEMU's words, or null. QEMU has no word for the LUKS header, and
 * lets a repair destroy it, and all data with it.
 * @param own what may be there, because it is the table itself
 */
export function overlappedStructure(
  subject: Subject,
  table: { readonly offset: HostOffset; readonly length: number },
  own: string | null = null,
): string | null {
  const { head, header, geometry, refcountTable } = subject;
  const { clusterSize } = geometry;
  const first = Math.floor(table.offset / clusterSize);
  // A table between clusters touches two.
  const last = Math.floor((table.offset + table.length - 1) / clusterSize);
  const covers = (offset: HostOffset, size: number) =>
    size > 0 && last >= Math.floor(offset / clusterSize) && first <= Math.floor((offset + size - 1) / clusterSize);
  if (first === 0) return 'qcow2_header';
  if (own !== ACTIVE_L1 && covers(header.l1TableOffset, header.l1Size * 8)) return ACTIVE_L1;
  if (covers(header.refcountTableOffset, header.refcountTableClusters * clusterSize)) return 'refcount table';
  const snapshots = snapshotsOf(subject);
  const lastSnapshot = snapshots.at(-1);
  if (lastSnapshot !== undefined) {
    const end = lastSnapshot.at + lastSnapshot.length;
    if (covers(header.snapshotsOffset, end - header.snapshotsOffset)) return 'snapshot table';
  }
  if (snapshots.some(({ l1TableOffset, l1Size }) => covers(l1TableOffset, l1Size * 8))) return 'inactive L1 table';
  const { bitmaps, luks } = head.extensions;
  if (bitmaps !== null && covers(bitmaps.directoryOffset, bitmaps.directorySize)) return 'bitmap directory';
  for (let index = 0; index * 2 < refcountTable.length; index++) {
    const offset = refcountBlockOffset(refcountTable, index);
    if (offset !== 0 && covers(offset, clusterSize)) return 'refcount block';
  }
  if (luks !== null && covers(luks.offset, luks.length)) return 'LUKS header';
  return null;
}

/** As far as the file goes: a broken table may claim entries without end. */
function snapshotsOf({ storage, header }: Subject): SnapshotEntry[] {
  const snapshots: SnapshotEntry[] = [];
  const count = Math.min(header.snapshotCount, SNAPSHOTS_MAX);
  for (const entry of readSnapshotTable(storage, header.snapshotsOffset, count)) {
    if (entry.at >= storage.size) break;
    snapshots.push(entry);
  }
  return snapshots;
}
