import { describe, expect, it } from 'vitest';
import { ACTIVE_COPIED, ReferenceMap } from '../../../src/engine/check/reference-map.ts';

describe('a reference map', () => {
  it('counts exactly beyond the 14 bits of a word, and keeps the flags', () => {
    const map = new ReferenceMap(8, 65535);
    map.words[3]! |= ACTIVE_COPIED;
    for (let i = 0; i < 20_000; i++) expect(map.add(3)).toBe(true);
    expect(map.countOf(3)).toBe(20_000);
    expect(map.words[3]! & ACTIVE_COPIED).toBe(ACTIVE_COPIED);
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

  it('is copied seldom while it grows cluster by cluster', () => {
    const map = new ReferenceMap(8, 65535);
    const sizes = new Set<number>();
    for (let cluster = 8; cluster < 100_000; cluster++) {
      map.add(cluster);
      sizes.add(map.words.length);
    }
    expect(sizes.size).toBeLessThan(60);
    expect(map.countOf(99_999)).toBe(1);
  });
});
