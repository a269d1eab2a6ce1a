import type { CacheMode, CostRow } from '#protocol';
import { describe, expect, it } from 'vitest';
import { costComparisons } from '../../../src/app/views/lab/cost-table.ts';

function row(cacheMode: CacheMode, lazyRefcounts: boolean, writes: number, flushes: number): CostRow {
  const counts = { writes, flushes, bytes: 0, metadataBytes: writes * 512, discards: 0 };
  return { cacheMode, lazyRefcounts, counts: { ...counts, writesByPurpose: [], flushesByPurpose: [] } };
}

const latencies = { writeMicroseconds: 10, flushMicroseconds: 1000 };

describe('the cost table', () => {
  it('sets lazy refcounts off and on beside each other, a line a cache mode', () => {
    const rows = [
      row('writeback', false, 8, 6),
      row('writeback', true, 6, 3),
      row('unsafe', false, 8, 0),
      row('unsafe', true, 8, 0),
    ];
    const [writeback, unsafe] = costComparisons(rows, latencies);
    expect(writeback).toMatchObject({
      cacheMode: 'writeback',
      eager: { writes: 8, flushes: 6, microseconds: 6080 },
      lazy: { writes: 6, flushes: 3, microseconds: 3060 },
    });
    expect(writeback!.timeRatio).toBeCloseTo(3060 / 6080);
    expect(unsafe!.timeRatio).toBe(1);
  });

  it('has no ratio where nothing was written', () => {
    expect(costComparisons([row('none', false, 0, 0), row('none', true, 0, 0)], latencies)[0]!.timeRatio).toBeNull();
  });

  it('leaves out a mode with one side missing', () => {
    expect(costComparisons([row('none', true, 1, 1)], latencies)).toEqual([]);
  });
});
