import { describe, expect, it } from 'vitest';
import { likeEntriesFrom } from '../../../src/engine/format/l2-entry.ts';

const CLUSTER_SIZE = 65536n;

function tableOf(entries: readonly bigint[]): DataView {
  const view = new DataView(new ArrayBuffer(entries.length * 8));
  entries.forEach((entry, index) => view.setBigUint64(index * 8, entry));
  return view;
}

function runOf(first: bigint, length: number): bigint[] {
  return Array.from({ length }, (_, index) => first + BigInt(index) * CLUSTER_SIZE);
}

describe('L2 entries that continue one another', () => {
  const run = runOf(0x8000_0001_2345_0000n, 20);

  it('are counted up to the first one that does not', () => {
    for (let broken = 1; broken < 20; broken++) {
      for (const flaw of [1n, 1n << 17n, 1n << 40n, 1n << 63n]) {
        const entries = run.with(broken, run[broken]! ^ flaw);
        expect(likeEntriesFrom(tableOf(entries), 0, 20, 65536), `entry ${broken}`).toBe(broken);
      }
    }
  });

  it('are counted up to the limit, from wherever they begin', () => {
    for (let count = 1; count <= 20; count++) {
      expect(likeEntriesFrom(tableOf(run), 0, count, 65536)).toBe(count);
      expect(likeEntriesFrom(tableOf(run), (20 - count) * 8, count, 65536)).toBe(count);
    }
  });

  it('may all say the same', () => {
    expect(likeEntriesFrom(tableOf(Array.from({ length: 9 }, () => 1n)), 8, 8, 0)).toBe(8);
  });

  it('end where their low half overflows', () => {
    for (let left = 1; left < 12; left++) {
      const first = 0x8000_0000_ffff_0000n - BigInt(left - 1) * CLUSTER_SIZE;
      expect(likeEntriesFrom(tableOf(runOf(first, 20)), 0, 20, 65536)).toBe(left);
      // An entry that starts again at 0 in the same 4 GiB does not continue the last one.
      const wrapped = runOf(first, 20).map((entry) => (entry & 0xffff_ffffn) | 0x8000_0000_0000_0000n);
      expect(likeEntriesFrom(tableOf(wrapped), 0, 20, 65536)).toBe(left);
      const flagged = runOf(first, 20).map((entry) => entry | 1n);
      expect(likeEntriesFrom(tableOf(flagged), 0, 20, 65536)).toBe(left);
    }
  });
});
