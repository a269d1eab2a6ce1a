import { CLUSTER_HEALTHS, CLUSTER_USES, type ClusterHealth, type ClusterMap, type ClusterUse } from '#protocol';
import { describe, expect, it } from 'vitest';
import { clusterRuns } from '../../../src/app/views/lab/cluster-runs.ts';

function mapOf(uses: readonly ClusterUse[], healths: readonly ClusterHealth[] = []): ClusterMap {
  return {
    clusterSize: 4096,
    clusterCount: uses.length,
    use: Uint8Array.from(uses, (use) => CLUSTER_USES.indexOf(use)),
    health: Uint8Array.from(uses, (_, index) => CLUSTER_HEALTHS.indexOf(healths[index] ?? 'sound')),
  };
}

describe('the cells of a small map', () => {
  it('are one for each cluster while runs are short', () => {
    const runs = clusterRuns(mapOf(['header', 'data', 'data']), 3);
    expect(runs.map(({ first, count, use }) => [first, count, use])).toEqual([
      [0, 1, 'header'],
      [1, 1, 'data'],
      [2, 1, 'data'],
    ]);
  });

  it('join a long run of the same', () => {
    const runs = clusterRuns(mapOf(['header', 'data', 'data', 'data', 'free']), 3);
    expect(runs.map(({ first, count }) => [first, count])).toEqual([
      [0, 1],
      [1, 3],
      [4, 1],
    ]);
  });

  it('never hide an unsound cluster in a run', () => {
    const runs = clusterRuns(mapOf(['data', 'data', 'data'], ['sound', 'leaked', 'sound']), 2);
    expect(runs.map(({ health }) => health)).toEqual(['sound', 'leaked', 'sound']);
  });
});
