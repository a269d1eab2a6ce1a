import { describe, expect, it } from 'vitest';
import { discardPieces, transferPieces, writeZeroesPieces } from '../../../src/console/block/fragment.ts';
import type { Limits } from '../../../src/console/block/limits.ts';

const NONE: Limits = {
  requestAlignment: 1,
  transferMax: 0,
  writeZeroesAlignment: 0,
  writeZeroesMax: 0,
  discardAlignment: 0,
  discardMax: 0,
};

describe('cutting requests by the limits of a node', () => {
  it('leaves a request whole where there is no limit', () => {
    expect([...transferPieces(NONE, 5, 100)]).toEqual([{ at: 5, length: 100 }]);
    expect([...writeZeroesPieces(NONE, 5, 100)]).toEqual([{ at: 5, length: 100, isWhole: true }]);
    expect([...discardPieces(NONE, 5, 100)]).toEqual([{ at: 5, length: 100 }]);
  });

  it('cuts reads and writes at the longest transfer', () => {
    expect([...transferPieces({ ...NONE, transferMax: 64 }, 8, 130)]).toEqual([
      { at: 8, length: 64 },
      { at: 72, length: 64 },
      { at: 136, length: 2 },
    ]);
  });

  it('writes zeros as data where they do not fill the unit in which a node zeroes', () => {
    expect([...writeZeroesPieces({ ...NONE, writeZeroesAlignment: 10 }, 7, 36)]).toEqual([
      { at: 7, length: 3, isWhole: false },
      { at: 10, length: 30, isWhole: true },
      { at: 40, length: 3, isWhole: false },
    ]);
  });

  it('zeroes no more at once than the node can', () => {
    expect([...writeZeroesPieces({ ...NONE, writeZeroesAlignment: 10, writeZeroesMax: 20 }, 10, 50)]).toEqual([
      { at: 10, length: 20, isWhole: true },
      { at: 30, length: 20, isWhole: true },
      { at: 50, length: 10, isWhole: true },
    ]);
  });

  it('leaves out of a discard what fills no request', () => {
    const limits = { ...NONE, requestAlignment: 4, discardAlignment: 20, discardMax: 20 };
    expect([...discardPieces(limits, 7, 60)]).toEqual([
      { at: 8, length: 12 },
      { at: 20, length: 20 },
      { at: 40, length: 20 },
      { at: 60, length: 4 },
    ]);
    expect([...discardPieces(limits, 9, 2)]).toEqual([]);
  });
});
