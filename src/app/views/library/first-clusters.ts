import type { ClusterUse } from '#protocol';
import { parseSize, type CreateForm } from './create-form.ts';

/** Neighbouring clusters with one use, at the beginning of a file that was just created. */
export interface ClusterRun {
  readonly use: ClusterUse;
  readonly firstCluster: number;
  readonly clusterCount: number;
  /** Not there yet: where the first write will put it. */
  readonly isFuture: boolean;
}

/** Bytes of a LUKS header with room for all key slots, for a key of 64 bytes. */
const LUKS_HEADER_LENGTH = 2_068_480;

/** The layout that `qemu-img create` gives a new image: header, refcount table, one refcount block, L1. */
export function firstClusters(form: CreateForm): readonly ClusterRun[] {
  const l1Clusters = Math.ceil((8 * l1Entries(form)) / form.clusterSize);
  const runs: ClusterRun[] = [
    { use: 'header', firstCluster: 0, clusterCount: 1, isFuture: false },
    { use: 'refcount-table', firstCluster: 1, clusterCount: 1, isFuture: false },
    { use: 'refcount-block', firstCluster: 2, clusterCount: 1, isFuture: false },
  ];
  if (l1Clusters > 0) runs.push({ use: 'l1', firstCluster: 3, clusterCount: l1Clusters, isFuture: false });
  const isFuture = form.preallocation === 'off';
  // Behind the tables of a preallocated disk it is too far away to be shown.
  const luksClusters = form.encrypts && isFuture ? Math.ceil(LUKS_HEADER_LENGTH / form.clusterSize) : 0;
  let firstCluster = 3 + l1Clusters;
  if (luksClusters > 0) runs.push({ use: 'luks', firstCluster, clusterCount: luksClusters, isFuture: false });
  firstCluster += luksClusters;
  runs.push({ use: 'l2', firstCluster, clusterCount: 1, isFuture });
  runs.push({ use: 'data', firstCluster: firstCluster + 1, clusterCount: 1, isFuture });
  return runs;
}

function l1Entries({ size, clusterSize, extendedL2 }: CreateForm): number {
  const entriesPerL2 = clusterSize / (extendedL2 ? 16 : 8);
  return Math.ceil((parseSize(size) ?? 0) / (clusterSize * entriesPerL2));
}
