import { describe, expect, it } from 'vitest';
import { isAllZero, isZeroByWords } from '../../../src/console/block/zeros.ts';

// In Node the first one compares natively; in a page it is the second one.
describe.each([isAllZero, isZeroByWords])('%o', (isZero) => {
  it.each([0, 1, 7, 8, 512, 65_536, 65_537, 200_000])('is true for %i zeros', (length) => {
    expect(isZero(new Uint8Array(length))).toBe(true);
  });

  it.each([
    [1, 0],
    [512, 511],
    [65_536, 65_535],
    [65_537, 65_536],
    [200_000, 199_999],
    [200_000, 100_001],
    [200_000, 3],
  ])('is false for %i bytes of which number %i is none', (length, at) => {
    const bytes = new Uint8Array(length);
    bytes[at] = 1;
    expect(isZero(bytes)).toBe(false);
  });

  it('looks at its own part of larger memory only', () => {
    const memory = new Uint8Array(4096).fill(1);
    memory.fill(0, 1001, 3003);
    expect(isZero(memory.subarray(1001, 3003))).toBe(true);
    expect(isZero(memory.subarray(1001, 3004))).toBe(false);
    expect(isZero(memory.subarray(1000, 3003))).toBe(false);
  });
});
