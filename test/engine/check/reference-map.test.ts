import { describe, expect, it } from 'vitest';
import {
  ACTIVE_COPIED,
  ACTIVE_SHARED,
  COUNT_MASK,
  ReferenceMap,
  SPILLED,
} from '../../../src/engine/check/reference-map.ts';

describe('a reference map', () => {
  it('counts exactly beyond the six bits of a byte, and keeps the flags', () => {
    const map = new ReferenceMap(8, 65535);
    map.flag(3, ACTIVE_COPIED);
    for (let i = 0; i < 20_000; i++) expect(map.add(3)).toBe(true);
    expect(map.countOf(3)).toBe(20_000);
    expect(map.bytes[3]! & ACTIVE_COPIED).toBe(ACTIVE_COPIED);
    expect(map.countOf(2)).toBe(0);
  });

  it('stops at what the refcounts of the image can hold', () => {
    const map = new ReferenceMap(8, 3);
    expect([map.add(1), map.add(1), map.add(1), map.add(1)]).toEqual([true, true, true, false]);
    expect(map.countOf(1)).toBe(3);
  });

  it('grows with what it is asked to count', () => {
    const map = new ReferenceMap(3, 65535);
    map.add(1000);
    expect(map.clusterCount).toBe(1001);
    expect(map.lastReferenced(0, map.clusterCount)).toBe(1000);
    expect(map.lastReferenced(0, 1000)).toBeNull();
  });

  it('counts what was claimed behind the end once the file reaches there', () => {
    const map = new ReferenceMap(8, 65535);
    map.addDangling({ first: 9, last: 10 });
    map.addDangling({ first: 12, last: 13 });
    map.growFile(11);
    expect([map.countOf(9), map.countOf(10), map.countOf(12)]).toEqual([1, 1, 0]);
    expect(map.dangling).toEqual([{ first: 12, last: 13 }]);
  });

  it('is copied seldom while it grows cluster by cluster', () => {
    const map = new ReferenceMap(8, 65535);
    const sizes = new Set<number>();
    for (let cluster = 8; cluster < 100_000; cluster++) {
      map.add(cluster);
      sizes.add(map.bytes.length);
    }
    expect(sizes.size).toBeLessThan(60);
    expect(map.countOf(99_999)).toBe(1);
  });

  it('claims a run of clusters up to the first one that somebody refers to', () => {
    for (const taken of [0, 1, 2, 6, 7, 8, 30, 31, 32, 33]) {
      for (const first of [0, 1, 2, 3]) {
        const map = new ReferenceMap(64, 65535);
        map.add(taken);
        const expected = taken < first ? 40 : Math.min(40, taken - first);
        expect(map.claim(first, 40, ACTIVE_SHARED), `from ${first}, ${taken} taken`).toBe(expected);
        const claimed = [...map.bytes.keys()].filter((cluster) => map.bytes[cluster] === (ACTIVE_SHARED | 1));
        expect(claimed).toEqual(Array.from({ length: expected }, (_, i) => first + i));
      }
    }
  });

  it('claims no cluster twice, wherever it was claimed, counted or flagged before', () => {
    const map = new ReferenceMap(64, 65535);
    expect(map.claim(40, 4, ACTIVE_COPIED)).toBe(4);
    expect(map.claim(41, 1, ACTIVE_COPIED)).toBe(0);
    expect(map.claim(30, 30, ACTIVE_COPIED)).toBe(10);
    expect(map.claim(44, 100, ACTIVE_COPIED)).toBe(20);
    expect(map.claim(64, 1, ACTIVE_COPIED)).toBe(0);
    map.allocate(70);
    expect(map.claim(64, 100, ACTIVE_COPIED)).toBe(6);
    map.grow(100);
    map.flag(80, ACTIVE_SHARED);
    expect(map.claim(71, 100, ACTIVE_COPIED)).toBe(9);
    expect([79, 80, 81, 99, 100].map((cluster) => map.claimOne(cluster, ACTIVE_COPIED))).toEqual([
      false,
      false,
      true,
      true,
      false,
    ]);
    expect(map.claim(82, 100, ACTIVE_COPIED)).toBe(17);
  });

  it('adds to each cluster of a run up to the first one whose counter is full', () => {
    const map = new ReferenceMap(8, 3);
    map.claim(0, 8, ACTIVE_COPIED);
    map.add(5);
    map.add(5);
    expect(map.addToEach(1, 7)).toBe(4);
    expect(map.addToEach(6, 7)).toBe(2);
    expect(map.addToEach(8, 1)).toBe(0);
    expect(Array.from({ length: 8 }, (_, cluster) => map.countOf(cluster))).toEqual([1, 2, 2, 2, 2, 3, 2, 2]);
    expect(map.bytes[4]! & ~COUNT_MASK).toBe(ACTIVE_COPIED);
  });

  it('adds to each cluster of a run also beyond the six bits of a byte', () => {
    const map = new ReferenceMap(5000, 65535);
    map.claim(0, 5000, ACTIVE_SHARED);
    map.add(4095);
    for (let i = 0; i < 2 * SPILLED; i++) expect(map.addToEach(4090, 10)).toBe(10);
    const expected = 2 * SPILLED + 1;
    expect([4089, 4090, 4095, 4096, 4099, 4100].map((cluster) => map.countOf(cluster))).toEqual([
      1,
      expected,
      expected + 1,
      expected,
      expected,
      1,
    ]);
    expect(map.bytes[4096]! & ~COUNT_MASK).toBe(ACTIVE_SHARED);
  });

  it('stops where a counter is full, however large', () => {
    const map = new ReferenceMap(4, 255);
    for (let i = 0; i < 255; i++) expect(map.addToEach(0, 4)).toBe(4);
    expect(map.addToEach(0, 4)).toBe(0);
    expect(map.countOf(3)).toBe(255);
  });
});
