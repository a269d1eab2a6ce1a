import { describe, expect, it } from 'vitest';
import { CLUSTER_HEALTHS, CLUSTER_USES, type ClusterHealth, type ClusterMap, type ClusterUse } from '#protocol';
import { aggregateCells, NO_FILTER, partsOf } from '../../../../../src/app/views/image/map/map-cells.ts';
import { countHealths, countUses } from '../../../../../src/app/views/image/map/map-counts.ts';
import { clusterBeside, clustersAt } from '../../../../../src/app/views/image/map/map-hit.ts';
import {
  cellCorner,
  layoutMap,
  mapLevels,
  rowAfterZoom,
  rowToReveal,
} from '../../../../../src/app/views/image/map/map-layout.ts';

function mapOf(...clusters: (ClusterUse | [ClusterUse, ClusterHealth])[]): ClusterMap {
  const pairs = clusters.map((cluster) => (Array.isArray(cluster) ? cluster : ([cluster, 'sound'] as const)));
  return {
    clusterSize: 65536,
    clusterCount: pairs.length,
    use: Uint8Array.from(pairs, ([use]) => CLUSTER_USES.indexOf(use)),
    health: Uint8Array.from(pairs, ([, health]) => CLUSTER_HEALTHS.indexOf(health)),
  };
}

describe('mapLevels', () => {
  it.each([1, 37, 1000, 60_000, 1_048_740, 16_777_216])('shows all of %d clusters at the first level', (count) => {
    const [first] = mapLevels(count, 850, 550, 1);
    const layout = layoutMap(count, first!, 850, 550, 0);
    expect(layout.rowCount).toBeLessThanOrEqual(layout.rowsVisible);
  });

  it('goes down to single, large cells', () => {
    expect(mapLevels(1_048_740, 850, 550, 1).at(-1)).toEqual({ clustersPerCell: 1, cellSize: 60 });
  });

  it('shows more detail with each level', () => {
    const levels = mapLevels(1_048_740, 850, 550, 2);
    const detail = levels.map(({ clustersPerCell, cellSize }) => cellSize / clustersPerCell);
    expect(detail).toEqual([...detail].sort((a, b) => a - b));
    expect(new Set(detail).size).toBe(detail.length);
  });
});

describe('layoutMap and hits', () => {
  const layout = layoutMap(1000, { clustersPerCell: 3, cellSize: 10 }, 105, 52, 4);

  it('fills rows from left to right in file order', () => {
    expect(layout).toMatchObject({ columns: 10, cellCount: 334, rowCount: 34, rowsVisible: 5, firstRow: 4 });
  });

  it('finds the clusters of a point again at their corner', () => {
    const hit = clustersAt(layout, 25, 31)!;
    expect(hit).toEqual({ first: (7 * 10 + 2) * 3, count: 3 });
    expect(cellCorner(layout, hit.first)).toEqual({ x: 20, y: 30 });
  });

  it('finds nothing beside the cells', () => {
    expect(clustersAt(layout, 103, 5)).toBeNull();
    expect(clustersAt(layout, -1, 5)).toBeNull();
    const end = layoutMap(1000, { clustersPerCell: 3, cellSize: 10 }, 105, 52, 99);
    expect(end.firstRow).toBe(29);
    expect(clustersAt(end, 35, 45)).toEqual({ first: 999, count: 1 });
    expect(clustersAt(end, 45, 45)).toBeNull();
  });

  it('moves with arrow keys and stays inside the file', () => {
    expect(clusterBeside(layout, 30, 'ArrowDown')).toBe(60);
    expect(clusterBeside(layout, 0, 'ArrowUp')).toBe(0);
    expect(clusterBeside(layout, 0, 'End')).toBe(999);
    expect(clusterBeside(layout, 0, 'x')).toBeNull();
  });

  it('scrolls only to what is out of view', () => {
    expect(rowToReveal(layout, 150)).toBe(4);
    expect(rowToReveal(layout, 900)).toBe(30 - 1);
  });

  it('keeps the cluster under the pointer when it zooms', () => {
    const level = { clustersPerCell: 1, cellSize: 20 };
    const zoomed = layoutMap(1000, level, 105, 52, rowAfterZoom(layout, level, 216, 31));
    expect(clustersAt(zoomed, cellCorner(zoomed, 216).x + 1, 31)!.first).toBe(216);
  });
});

describe('aggregateCells', () => {
  const map = mapOf('header', 'data', ['data', 'leaked'], 'free', 'data', 'l2', ['data', 'cross-linked'], 'header');

  it('keeps single clusters as they are', () => {
    expect([...aggregateCells(map, 1, NO_FILTER)].map((look) => partsOf(look).use)).toEqual([
      'header', 'data', 'data', 'free', 'data', 'l2', 'data', 'header',
    ]); // prettier-ignore
  });

  it('shows the most serious of several: health before use, metadata before data', () => {
    const parts = [...aggregateCells(map, 2, NO_FILTER)].map(partsOf);
    expect(parts.map(({ use, health }) => `${use} ${health}`)).toEqual([
      'header sound',
      'data leaked',
      'l2 sound',
      'data cross-linked',
    ]);
  });

  it('never hides a single bad cluster in a large cell', () => {
    const [look] = aggregateCells(map, 8, NO_FILTER);
    expect(partsOf(look!)).toEqual({ use: 'data', health: 'cross-linked', isDim: false });
  });

  it('dims what the filter does not name, and shows what it names', () => {
    const cells = aggregateCells(map, 2, { uses: new Set(['data']), healths: new Set() });
    expect([...cells].map(partsOf).map(({ use, isDim }) => [use, isDim])).toEqual([
      ['data', false],
      ['data', false],
      ['data', false],
      ['data', false],
    ]);
    const none = aggregateCells(map, 8, { uses: new Set(['luks']), healths: new Set() });
    expect(partsOf(none[0]!).isDim).toBe(true);
  });
});

it('counts uses and healths', () => {
  const map = mapOf('header', 'data', ['data', 'leaked'], 'free');
  expect(countUses(map).filter(({ count }) => count > 0)).toEqual([
    { use: 'free', count: 1 },
    { use: 'header', count: 1 },
    { use: 'data', count: 2 },
  ]);
  expect(countHealths(map)).toContainEqual({ health: 'leaked', count: 1 });
});
