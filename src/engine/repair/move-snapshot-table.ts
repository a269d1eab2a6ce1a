import { ceilDiv } from '../bytes/align.ts';
import { setU64, viewOf } from '../bytes/big-endian.ts';
import { CheckAborted } from '../check/check-log.ts';
import { RefcountReader } from '../check/refcount-reader.ts';
import type { ClusterRun } from '../check/reference-map.ts';
import { readSubject, type SnapshotList, type Subject } from '../check/subject.ts';
import type { HostCluster } from '../format/addresses.ts';
import { HEADER } from '../format/header.ts';
import { encodeSnapshotTable } from '../format/snapshot-table.ts';
import type { PlanStorage } from './plan-storage.ts';

interface Surroundings {
  /** Clusters behind the end of the file that broken entries claim; the table must not become theirs. */
  readonly dangling: readonly ClusterRun[];
  readonly writeRefcount: (cluster: HostCluster, refcount: number) => void;
}

/**
 * Writes the snapshot table anew, complete, in free clusters; the header switches to it in one sector, and only then is
 * the old one given up.
 */
export function moveSnapshotTable(
  storage: PlanStorage,
  snapshots: SnapshotList,
  { dangling, writeRefcount }: Surroundings,
): void {
  const subject = readSubject(storage);
  const { clusterSize } = subject.geometry;
  const count = snapshots.entries.length;
  const table = encodeSnapshotTable(snapshots.entries, subject.header.virtualSize);
  const clusters = ceilDiv(table.length, clusterSize);
  const first = clusters === 0 ? 0 : findFreeRun(subject, clusters, dangling);
  for (let i = 0; i < clusters; i++) writeRefcount(first + i, 1);
  if (clusters > 0) storage.write(first * clusterSize, table, 'repair-snapshot-table');
  storage.endStep('mend-snapshot-table', { count, messages: [] });

  const pointer = new Uint8Array(12);
  viewOf(pointer).setUint32(0, count);
  setU64(viewOf(pointer), 4, first * clusterSize);
  storage.write(HEADER.fields.snapshotCount.at, pointer, 'repair-header');
  storage.endStep('mend-snapshot-table', { count, messages: [] });

  const refcounts = new RefcountReader(subject);
  const oldFirst = Math.floor(snapshots.offset / clusterSize);
  const oldClusters = ceilDiv(snapshots.size, clusterSize);
  for (let cluster = oldFirst; cluster < oldFirst + oldClusters; cluster++) {
    // Once the file reaches there, it is what the entry refers to.
    if (isClaimed(dangling, cluster)) continue;
    // Others may use it too, if only by mistake: the count says so by now.
    const refcount = refcounts.refcountOf(cluster) ?? 0;
    if (refcount > 0) writeRefcount(cluster, refcount - 1);
    const at = cluster * clusterSize;
    if (refcount === 1 && at < storage.size) {
      storage.discard(at, Math.min(clusterSize, storage.size - at), 'repair-discard');
    }
  }
  storage.endStep('mend-snapshot-table', { count, messages: [] });
}

/** The first run of clusters with refcount 0 that existing refcount blocks can count. */
function findFreeRun(subject: Subject, length: number, dangling: readonly ClusterRun[]): HostCluster {
  const refcounts = new RefcountReader(subject);
  const { refcountBlockEntries } = subject.geometry;
  let free = 0;
  for (let index = 0; index * 2 < subject.refcountTable.length; index++) {
    if (refcounts.block(index).kind !== 'bytes') {
      free = 0;
      continue;
    }
    for (let i = 0; i < refcountBlockEntries; i++) {
      const cluster = index * refcountBlockEntries + i;
      free = refcounts.refcountOf(cluster) === 0 && !isClaimed(dangling, cluster) ? free + 1 : 0;
      if (free === length) return cluster - length + 1;
    }
  }
  throw new CheckAborted('No space left on device');
}

function isClaimed(dangling: readonly ClusterRun[], cluster: HostCluster): boolean {
  return dangling.some(({ first, last }) => cluster >= first && cluster <= last);
}
