import { describe, expect, it } from 'vitest';
import { byWords, firstDifferentSector } from '../../../src/console/block/first-difference.ts';

function withByte(length: number, at: number): Uint8Array {
  const bytes = new Uint8Array(length).fill(7);
  bytes[at] = 8;
  return bytes;
}

// In Node the first one compares natively; in a page it is the second one.
describe.each([firstDifferentSector, byWords])('%o', (firstDifferentSector) => {
  it.each([0, 7, 8, 511, 512, 1000, 2047])('names the sector that holds byte %i', (at) => {
    const same = new Uint8Array(2048).fill(7);
    expect(firstDifferentSector(same, withByte(2048, at))).toBe(at - (at % 512));
  });

  it.each([2048, 700])('is null for %i bytes that are the same', (length) => {
    expect(firstDifferentSector(withByte(length, 600), withByte(length, 600))).toBeNull();
  });

  it('looks at an end that is no whole sector, and at bytes that are not aligned', () => {
    expect(firstDifferentSector(withByte(700, 3), withByte(700, 3))).toBeNull();
    expect(firstDifferentSector(withByte(700, 699), new Uint8Array(700).fill(7))).toBe(512);
    const odd = withByte(1025, 1024).subarray(1);
    expect(firstDifferentSector(odd, new Uint8Array(1024).fill(7))).toBe(512);
  });
});
