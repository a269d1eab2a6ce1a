import { describe, expect, it } from 'vitest';
import { ByteRanges } from '../../src/node/byte-ranges.ts';
import { Random } from '../tools/random.ts';
import { SEED } from '../tools/seed.ts';

function rangesOf(ranges: ByteRanges): [number, number][] {
  return Array.from(ranges, ({ start, end }) => [start, end]);
}

function added(...pairs: readonly (readonly [number, number])[]): ByteRanges {
  const ranges = new ByteRanges();
  for (const [start, end] of pairs) ranges.add(start, end);
  return ranges;
}

describe('ranges of bytes', () => {
  it('joins what overlaps or touches', () => {
    const ranges = added([10, 20], [40, 50], [20, 25], [60, 70], [24, 41]);
    expect(rangesOf(ranges)).toEqual([
      [10, 50],
      [60, 70],
    ]);
    expect(ranges.byteCount).toBe(50);
  });

  it('keeps them in order, whatever the order in which they come', () => {
    expect(rangesOf(added([50, 60], [10, 20], [30, 40]))).toEqual([
      [10, 20],
      [30, 40],
      [50, 60],
    ]);
  });

  it.each([
    {
      cut: [0, 10],
      left: [
        [10, 20],
        [30, 40],
      ],
    },
    {
      cut: [12, 15],
      left: [
        [10, 12],
        [15, 20],
        [30, 40],
      ],
    },
    {
      cut: [15, 35],
      left: [
        [10, 15],
        [35, 40],
      ],
    },
    { cut: [10, 20], left: [[30, 40]] },
    {
      cut: [35, Infinity],
      left: [
        [10, 20],
        [30, 35],
      ],
    },
    { cut: [0, Infinity], left: [] },
    {
      cut: [20, 30],
      left: [
        [10, 20],
        [30, 40],
      ],
    },
    {
      cut: [15, 15],
      left: [
        [10, 20],
        [30, 40],
      ],
    },
  ])('takes $cut out', ({ cut, left }) => {
    const ranges = added([10, 20], [30, 40]);
    ranges.remove(cut[0]!, cut[1]!);
    expect(rangesOf(ranges)).toEqual(left);
    expect(ranges.byteCount).toBe(left.reduce((sum, [start, end]) => sum + end! - start!, 0));
  });

  it('is empty again once it was cleared', () => {
    const ranges = added([10, 20], [30, 40]);
    ranges.clear();
    expect({ ranges: rangesOf(ranges), count: ranges.rangeCount, bytes: ranges.byteCount }).toEqual({
      ranges: [],
      count: 0,
      bytes: 0,
    });
  });

  it(`says the same as a set of bytes (seed ${SEED})`, () => {
    const random = new Random(SEED);
    const ranges = new ByteRanges();
    const bytes = new Set<number>();
    for (let step = 0; step < 2000; step++) {
      const start = random.below(200);
      const end = start + random.below(12);
      const isAdded = random.below(2) === 0;
      if (isAdded) ranges.add(start, end);
      else ranges.remove(start, end);
      for (let at = start; at < end; at++) {
        if (isAdded) bytes.add(at);
        else bytes.delete(at);
      }
      const said = rangesOf(ranges).flatMap(([from, to]) =>
        Array.from({ length: to - from }, (_, index) => from + index),
      );
      expect(said).toEqual([...bytes].sort((a, b) => a - b));
      expect(ranges.byteCount).toBe(bytes.size);
    }
  });
});
