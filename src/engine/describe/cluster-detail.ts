import { findReferences } from '../check/find-references.ts';
import { RefcountReader } from '../check/refcount-reader.ts';
import { surveyImage } from '../check/survey.ts';
import type { HostCluster } from '../format/addresses.ts';
import type { LongTask } from '../progress.ts';
import type { Storage } from '../storage/storage.ts';
import { healthOf } from './cluster-map.ts';
import type { ClusterDetail } from './use.ts';

/** A cluster that half the image points to is not listed in full. */
const REFERENCES_MAX = 1000;

/** Everything about one host cluster: who points to it, how often it is counted, and whether that agrees. */
export function* clusterDetail(storage: Storage, index: HostCluster): LongTask<ClusterDetail> {
  const survey = yield* surveyImage(storage);
  const found = yield* findReferences(survey.subject, survey.snapshots, new Set([index]));
  const references = found.get(index)!;
  const refcount = new RefcountReader(survey.subject).refcountOf(index) ?? 0;
  const use = references[0]?.use ?? (refcount > 0 ? 'unknown' : 'free');
  return {
    index,
    use,
    health: healthOf(survey, index, refcount, survey.map.countOf(index)),
    refcount,
    references: references
      .slice(0, REFERENCES_MAX)
      .map(({ label, at, length, guest }) => ({ label, at, length, guest })),
    referenceCount: references.length,
  };
}
