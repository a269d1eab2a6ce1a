import { CLUSTER_HEALTHS, CLUSTER_USES, type ClusterHealth, type ClusterMap, type ClusterUse } from '#protocol';

/** Neighbouring clusters of equal use and health, shown as one cell. */
export interface ClusterRun {
  readonly first: number;
  readonly count: number;
  readonly use: ClusterUse;
  readonly health: ClusterHealth;
}

/** A cell each for the clusters of a small image; longer runs of the same become one cell, so that any image fits. */
export function clusterRuns(map: ClusterMap, runMin: number): ClusterRun[] {
  const runs: ClusterRun[] = [];
  for (let first = 0; first < map.clusterCount;) {
    let end = first + 1;
    while (end < map.clusterCount && map.use[end] === map.use[first] && map.health[end] === map.health[first]) end++;
    const use = CLUSTER_USES[map.use[first]!] ?? 'unknown';
    const health = CLUSTER_HEALTHS[map.health[first]!] ?? 'sound';
    const isOne = end - first >= runMin;
    for (let index = first; index < end; index += isOne ? end - first : 1) {
      runs.push({ first: index, count: isOne ? end - first : 1, use, health });
    }
    first = end;
  }
  return runs;
}
