import type { HostCluster } from '../format/addresses.ts';
import type { LongTask } from '../progress.ts';
import type { ClusterReference, ClusterUse } from '../describe/use.ts';
import type { SnapshotList, Subject } from './subject.ts';
import { visitRegions, type OnRegion } from './visit-regions.ts';

/** A pointer to a host cluster, and what the cluster is for its owner. */
export interface FoundReference extends ClusterReference {
  readonly use: ClusterUse;
}

/** Finds who refers to the wanted clusters: one walk over everything, in the order in which the check counts. */
export function* findReferences(
  subject: Subject,
  snapshots: SnapshotList,
  wanted: ReadonlySet<HostCluster>,
): LongTask<Map<HostCluster, FoundReference[]>> {
  const found = new Map<HostCluster, FoundReference[]>([...wanted].map((cluster) => [cluster, []]));
  const { clusterSize } = subject.geometry;
  const clusters = [...wanted].sort((a, b) => a - b);
  const lowest = clusters[0] ?? 0;
  const highest = clusters.at(-1) ?? -1;
  const onRegion: OnRegion = (offset, size, use, describe) => {
    const first = Math.floor(offset / clusterSize);
    const last = Math.floor((offset + size - 1) / clusterSize);
    if (size <= 0 || last < lowest || first > highest) return;
    if (first === last) {
      found.get(first)?.push({ ...describe(), use });
      return;
    }
    for (const cluster of clusters) {
      if (cluster >= first && cluster <= last) found.get(cluster)!.push({ ...describe(), use });
    }
  };
  yield* visitRegions(subject, snapshots, onRegion);
  return found;
}
