import { describe, expect, it } from 'vitest';
import { ReadCache, type StorageRange } from '#engine';
import { expectBytes, pattern } from './contract.ts';

const KIB = 1024;

function cacheOver(source: Uint8Array, options = {}) {
  const fetches: { at: number; length: number }[] = [];
  const tripLengths: number[] = [];
  const cache = new ReadCache(
    source.length,
    (ranges) => {
      fetches.push(...ranges);
      tripLengths.push(ranges.length);
      for (const { at, length } of ranges) expect(at + length).toBeLessThanOrEqual(source.length);
      return Buffer.concat(ranges.map(({ at, length }) => source.subarray(at, at + length)));
    },
    options,
  );
  const read = (at: number, length: number) => {
    const into = new Uint8Array(length).fill(0xee);
    cache.read(at, into);
    return into;
  };
  const willRead = (ranges: readonly StorageRange[]) => cache.willRead(ranges);
  return { read, willRead, fetches, tripLengths };
}

describe('a read cache', () => {
  it('fetches a block once', () => {
    const source = pattern(300 * KIB);
    const { read, fetches } = cacheOver(source);
    expectBytes(read(5, 10), source.subarray(5, 15));
    expectBytes(read(60 * KIB, 1000), source.subarray(60 * KIB, 60 * KIB + 1000));
    expect(fetches).toEqual([{ at: 0, length: 64 * KIB }]);
  });

  it('reads across blocks and past the end', () => {
    const source = pattern(300 * KIB);
    const { read } = cacheOver(source);
    expectBytes(read(100 * KIB, 250 * KIB).subarray(0, 200 * KIB), source.subarray(100 * KIB));
    expectBytes(read(299 * KIB, 4 * KIB).subarray(KIB), new Uint8Array(3 * KIB));
    expectBytes(read(900 * KIB, 10), new Uint8Array(10));
  });

  it('fetches ever more at once when reads follow one another, up to its limit', () => {
    const { read, fetches } = cacheOver(pattern(4096 * KIB), { readAheadMax: 1024 * KIB });
    for (let at = 0; at < 4096 * KIB; at += 4 * KIB) read(at, 4 * KIB);
    expect(fetches.map(({ length }) => length / KIB)).toEqual([64, 128, 256, 512, 1024, 1024, 1024, 64]);
  });

  it('fetches single blocks when reads jump about', () => {
    const { read, fetches } = cacheOver(pattern(4096 * KIB));
    for (const block of [9, 3, 20, 1]) read(block * 64 * KIB, 10);
    expect(fetches.every(({ length }) => length === 64 * KIB)).toBe(true);
  });

  it('fetches at once what is wanted at once, and no more when reads jump about', () => {
    const source = pattern(4096 * KIB);
    const { read, fetches } = cacheOver(source);
    expectBytes(read(1000 * KIB, 300 * KIB), source.subarray(1000 * KIB, 1300 * KIB));
    expectBytes(read(448 * KIB, 64 * KIB), source.subarray(448 * KIB, 512 * KIB));
    expectBytes(read(4000 * KIB, 200 * KIB).subarray(0, 96 * KIB), source.subarray(4000 * KIB));
    expect(fetches).toEqual([
      { at: 960 * KIB, length: 384 * KIB },
      { at: 448 * KIB, length: 64 * KIB },
      { at: 3968 * KIB, length: 128 * KIB },
    ]);
  });

  it('passes a long read through without keeping it', () => {
    const source = pattern(4096 * KIB);
    const { read, fetches } = cacheOver(source, { readAheadMax: 1024 * KIB });
    expectBytes(read(KIB, 2048 * KIB), source.subarray(KIB, 2049 * KIB));
    expect(fetches).toEqual([
      { at: KIB, length: 1024 * KIB },
      { at: 1025 * KIB, length: 1024 * KIB },
    ]);
  });

  it('fetches what was announced in few trips, ever more at once, and gives the same', () => {
    const source = pattern(64 * 1024 * KIB);
    const { read, willRead, fetches, tripLengths } = cacheOver(source);
    const places = Array.from({ length: 200 }, (_, index) => ((index * 77) % 256) * 256 * KIB + 100);
    willRead(places.map((at) => ({ at, length: 1000 })));
    for (const at of places) expectBytes(read(at, 1000), source.subarray(at, at + 1000));
    expect(tripLengths).toEqual([8, 16, 32, 64, 80]);
    expect(fetches.every(({ length }) => length === 64 * KIB)).toBe(true);
  });

  it('fetches neighbours among what was announced in one piece', () => {
    const source = pattern(4096 * KIB);
    const { read, willRead, fetches, tripLengths } = cacheOver(source);
    willRead([
      { at: 100 * KIB, length: 100 * KIB },
      { at: 1024 * KIB, length: 64 * KIB },
      { at: 1088 * KIB, length: 64 * KIB },
    ]);
    expectBytes(read(100 * KIB, 100 * KIB), source.subarray(100 * KIB, 200 * KIB));
    expectBytes(read(1024 * KIB, 128 * KIB), source.subarray(1024 * KIB, 1152 * KIB));
    expect(fetches).toEqual([
      { at: 64 * KIB, length: 192 * KIB },
      { at: 1024 * KIB, length: 128 * KIB },
    ]);
    expect(tripLengths).toEqual([2]);
  });

  it('leaves out what was announced and passed by, what it holds, and what lies behind the end', () => {
    const source = pattern(1000 * KIB);
    const { read, willRead, fetches } = cacheOver(source);
    const block = (index: number) => ({ at: index * 64 * KIB, length: 64 * KIB });
    read(block(9).at, 1);
    willRead([block(2), block(5), block(9), block(15), block(99), block(7)]);
    read(block(12).at, 1);
    expectBytes(read(block(5).at, 10), source.subarray(block(5).at, block(5).at + 10));
    expect(fetches.slice(2)).toEqual([block(5), { at: block(15).at, length: 40 * KIB }, block(7)]);
    expectBytes(read(block(15).at, 64 * KIB).subarray(0, 40 * KIB), source.subarray(block(15).at));
    expectBytes(read(block(2).at, 10), source.subarray(block(2).at, block(2).at + 10));
    expect(fetches.slice(5)).toEqual([block(2)]);
  });

  it('fetches no more than it keeps, whatever was announced', () => {
    const source = pattern(1024 * KIB);
    const { read, willRead, tripLengths } = cacheOver(source, { cacheSizeMax: 128 * KIB });
    const places = [0, 256 * KIB, 512 * KIB, 768 * KIB];
    willRead(places.map((at) => ({ at, length: 10 })));
    for (const at of places) expectBytes(read(at, 10), source.subarray(at, at + 10));
    expect(tripLengths).toEqual([2, 2]);
  });

  it('throws out the block that was not used for longest', () => {
    const { read, fetches } = cacheOver(pattern(1024 * KIB), { blockSize: 64 * KIB, cacheSizeMax: 128 * KIB });
    read(0, 1);
    read(256 * KIB, 1);
    read(0, 1);
    read(512 * KIB, 1);
    read(0, 1);
    expect(fetches.length).toBe(3);
    read(256 * KIB, 1);
    expect(fetches.length).toBe(4);
  });

  it('passes on what a fetch throws and tries again at the next read', () => {
    let failures = 1;
    const cache = new ReadCache(100, () => {
      if (failures-- > 0) throw new Error('no');
      return pattern(100);
    });
    expect(() => cache.read(0, new Uint8Array(1))).toThrow('no');
    const into = new Uint8Array(1);
    cache.read(0, into);
    expect(into).toEqual(pattern(1));
  });
});
