import { describe, expect, it } from 'vitest';
import { changedRefcount, getRefcount, setRefcount } from '#engine';

describe('changedRefcount', () => {
  it.each([1, 2, 4, 8, 16, 32])('stays within what %i bits count', (bits) => {
    const block = new Uint8Array(64);
    const max = 2 ** bits - 1;
    expect(changedRefcount(block, bits, 1, -1)).toBeNull();
    setRefcount(block, bits, 1, max);
    expect(changedRefcount(block, bits, 1, 1)).toBeNull();
    expect(changedRefcount(block, bits, 1, -1)).toBe(max - 1);
  });

  it('counts exactly up to 64 bits', () => {
    const block = new Uint8Array(64);
    const view = new DataView(block.buffer);
    view.setBigUint64(8, 2n ** 63n);
    setRefcount(block, 64, 1, changedRefcount(block, 64, 1, -1)!);
    expect(view.getBigUint64(8)).toBe(2n ** 63n - 1n);
    view.setBigUint64(8, 2n ** 64n - 1n);
    expect(changedRefcount(block, 64, 1, 1)).toBeNull();
    setRefcount(block, 64, 1, 5);
    expect(getRefcount(block, 64, 1)).toBe(5);
  });
});
