import { describe, expect, it } from 'vitest';
import { BitmapBits } from '../../../src/engine/bitmaps/bitmap-bits.ts';

const KIB = 1024;

function bitsOf(bits: BitmapBits): number[] {
  return [...bits.runs()].flatMap(({ first, end }) => Array.from({ length: end - first }, (_, index) => first + index));
}

describe('the bits of a bitmap', () => {
  it.each([
    [0, 1, [0]],
    [4095, 2, [0, 1]],
    [4096, 4096, [1]],
    [0, 40 * KIB, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
    [28 * KIB + 1, 4096, [7, 8]],
    [99 * KIB, KIB, [24]],
    [50 * KIB, 0, []],
  ])('cover the range of %i, %i bytes', (at, length, expected) => {
    const bits = new BitmapBits({ virtualSize: 100 * KIB, granularityBits: 12, pageSize: 512 });
    bits.set(at, length);
    expect(bitsOf(bits)).toEqual(expected);
  });

  it('lie in pages that exist only where a bit is set', () => {
    const bits = new BitmapBits({ virtualSize: 8 * KIB * KIB, granularityBits: 9, pageSize: 512 });
    bits.set(512 * 4095, 1024);
    expect([bits.pageCount, bits.page(0)![511], bits.page(1)![0], bits.page(2)]).toEqual([4, 0x80, 1, null]);
  });

  it('drop what lies behind the end of a smaller disk, and begin as 0 where it grows', () => {
    const bits = new BitmapBits({ virtualSize: 64 * KIB, granularityBits: 12, pageSize: 512 });
    bits.set(0, 64 * KIB);
    bits.resize(18 * KIB);
    bits.resize(64 * KIB);
    expect(bitsOf(bits)).toEqual([0, 1, 2, 3, 4]);
  });

  it('drop bits that a page has behind the end', () => {
    const bits = new BitmapBits({ virtualSize: 12 * KIB, granularityBits: 12, pageSize: 512 });
    bits.setPage(0, new Uint8Array(512).fill(0xff));
    expect(bitsOf(bits)).toEqual([0, 1, 2]);
  });

  it.each([
    ['a coarser', 9, [0, 2], 12, [0]],
    ['a finer', 12, [1], 9, [8, 9, 10, 11, 12, 13, 14, 15]],
    ['a finer one, up to the end of the disk', 12, [2], 9, [16, 17, 18, 19]],
  ])('merge into %s granularity', (_, from, set, to, expected) => {
    const shape = { virtualSize: 10 * KIB, pageSize: 512 };
    const source = new BitmapBits({ ...shape, granularityBits: from });
    for (const bit of set) source.setBits(bit, bit + 1);
    const target = new BitmapBits({ ...shape, granularityBits: to });
    target.merge(source);
    expect(bitsOf(target)).toEqual(expected);
  });
});
