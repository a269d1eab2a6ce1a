import { RefcountReader } from '../check/refcount-reader.ts';
import { clusterCountOf } from '../check/subject.ts';
import { surveyImage, type Survey } from '../check/survey.ts';
import { visitRegions } from '../check/visit-regions.ts';
import type { HostCluster } from '../format/addresses.ts';
import { getRefcount } from '../format/refcount-block.ts';
import type { LongTask } from '../progress.ts';
import type { Storage } from '../storage/storage.ts';
import { CLUSTER_HEALTHS, CLUSTER_USES, type ClusterHealth, type ClusterMap, type ClusterUse } from './use.ts';

const USE_CODE = Object.fromEntries(CLUSTER_USES.map((use, code) => [use, code])) as Record<ClusterUse, number>;
const HEALTH_CODE = Object.fromEntries(CLUSTER_HEALTHS.map((health, code) => [health, code])) as Record<
  ClusterHealth,
  number
>;

/** What every host cluster is for and whether its refcount agrees: two bytes a cluster, in file order. */
export function* clusterMap(storage: Storage): LongTask<ClusterMap> {
  const survey = yield* surveyImage(storage);
  const clusterCount = clusterCountOf(survey.subject);
  const use = new Uint8Array(clusterCount);
  const health = new Uint8Array(clusterCount);
  yield* markUses(survey, use);
  yield* markHealth(survey, use, health);
  return { clusterSize: survey.subject.geometry.clusterSize, clusterCount, use, health };
}

function* markUses({ subject, snapshots }: Survey, codes: Uint8Array): LongTask<void> {
  const { clusterSize } = subject.geometry;
  yield* visitRegions(subject, snapshots, (offset, size, use) => {
    if (size <= 0) return;
    const code = USE_CODE[use];
    const last = Math.min(Math.floor((offset + size - 1) / clusterSize), codes.length - 1);
    for (let cluster = Math.floor(offset / clusterSize); cluster <= last; cluster++) {
      // What snapshots share with the active disk belongs to the disk; of two claims the first one shows.
      if (codes[cluster] === 0) codes[cluster] = code;
    }
  });
}

function* markHealth({ subject, map, crossLinked }: Survey, use: Uint8Array, health: Uint8Array): LongTask<void> {
  const { refcountBlockEntries, refcountBits } = subject.geometry;
  const refcounts = new RefcountReader(subject);
  const buffer = new Uint8Array(subject.geometry.clusterSize);
  for (let start = 0, index = 0; start < use.length; start += refcountBlockEntries, index++) {
    const block = refcounts.passingBlock(index, buffer);
    const end = Math.min(start + refcountBlockEntries, use.length);
    for (let cluster = start; cluster < end; cluster++) {
      const refcount = block.kind === 'bytes' ? getRefcount(block.bytes, refcountBits, cluster - start) : 0;
      const references = map.countOf(cluster);
      if (refcount === references) continue;
      health[cluster] = refcount > references ? HEALTH_CODE.leaked : HEALTH_CODE['missing-reference'];
      if (references === 0) use[cluster] = USE_CODE.unknown;
    }
    if (index % 64 === 63) yield { phase: 'compare', done: end, total: use.length };
  }
  for (const cluster of crossLinked) health[cluster] = HEALTH_CODE['cross-linked'];
}

/** The same judgement for one cluster. */
export function healthOf(
  { crossLinked }: Survey,
  cluster: HostCluster,
  refcount: number,
  references: number,
): ClusterHealth {
  if (crossLinked.has(cluster)) return 'cross-linked';
  if (refcount === references) return 'sound';
  return refcount > references ? 'leaked' : 'missing-reference';
}
