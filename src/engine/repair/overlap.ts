import { refcountBlockOffset } from '../check/count-refcount-blocks.ts';
import type { Subject } from '../check/subject.ts';
import type { HostCluster, HostOffset } from '../format/addresses.ts';

/** The structure in whose clusters an L2 table lies by mistake, in QEMU's words, or null. */
export function overlappedStructure(subject: Subject, cluster: HostCluster): string | null {
  const { header, geometry, refcountTable } = subject;
  const { clusterSize } = geometry;
  const covers = (offset: HostOffset, size: number) =>
    size > 0 && cluster >= Math.floor(offset / clusterSize) && cluster <= Math.floor((offset + size - 1) / clusterSize);
  if (cluster === 0) return 'qcow2_header';
  if (covers(header.l1TableOffset, header.l1Size * 8)) return 'active L1 table';
  if (covers(header.refcountTableOffset, header.refcountTableClusters * clusterSize)) return 'refcount table';
  if (header.snapshotCount > 0 && covers(header.snapshotsOffset, 1)) return 'snapshot table';
  for (let index = 0; index * 2 < refcountTable.length; index++) {
    const offset = refcountBlockOffset(refcountTable, index);
    if (offset !== 0 && covers(offset, clusterSize)) return 'refcount block';
  }
  return null;
}
