import { beforeAll, describe, expect, it } from 'vitest';
import {
  checkImage,
  clusterMap,
  createImage,
  drain,
  extentAt,
  MemoryStorage,
  openImage,
  planRepair,
  readHead,
  viewOf,
  type StorageRange,
} from '#engine';

const CLUSTER_SIZE = 512;
const L2_COVERAGE = (CLUSTER_SIZE / 8) * CLUSTER_SIZE;
/** More than are told at once. */
const TABLE_COUNT = 1200;

/** Memory that wants to know what comes; notes what it was told, and what was read of it without that. */
class ToldStorage extends MemoryStorage {
  readonly told = new Set<number>();
  readonly untold = new Set<number>();

  willRead(ranges: readonly StorageRange[]): void {
    for (const { at, length } of ranges) {
      expect(length).toBe(CLUSTER_SIZE);
      this.told.add(at);
    }
  }

  override read(at: number, into: Uint8Array): void {
    for (let cluster = at; cluster < at + into.length; cluster += CLUSTER_SIZE) {
      if (!this.told.has(cluster)) this.untold.add(cluster);
    }
    super.read(at, into);
  }
}

/** A full disk with its tables here and there. */
function fullImage(): ToldStorage {
  const storage = new ToldStorage();
  createImage(storage, { size: TABLE_COUNT * L2_COVERAGE, clusterSize: CLUSTER_SIZE, preallocation: 'metadata' });
  storage.told.clear();
  storage.untold.clear();
  return storage;
}

/** Offsets in a table of 64-bit entries, flags left out. */
function offsetsIn(storage: MemoryStorage, at: number, length: number): number[] {
  const bytes = new Uint8Array(length);
  storage.read(at, bytes);
  const view = viewOf(bytes);
  const low = Array.from({ length: length / 8 }, (_, index) => view.getUint32(index * 8 + 4));
  return low.filter((offset) => offset !== 0);
}

describe('a storage that wants to know what is read next', () => {
  let l2Tables: number[];
  let refcountBlocks: number[];

  beforeAll(() => {
    const storage = fullImage();
    const { header } = readHead(storage, { writable: false });
    l2Tables = offsetsIn(storage, header.l1TableOffset, header.l1Size * 8);
    const tableSize = header.refcountTableClusters * CLUSTER_SIZE;
    refcountBlocks = offsetsIn(storage, header.refcountTableOffset, tableSize);
    expect(l2Tables.length).toBe(TABLE_COUNT);
    expect(refcountBlocks.length).toBeGreaterThan(100);
  });

  it.each([
    ['check', (storage: MemoryStorage) => drain(checkImage(storage))],
    ['plan of a repair', (storage: MemoryStorage) => drain(planRepair(storage, 'all'))],
    ['map of the clusters', (storage: MemoryStorage) => drain(clusterMap(storage))],
  ])('is told the L2 tables and refcount blocks of a %s, in order and beforehand', (_, work) => {
    const storage = fullImage();
    work(storage);
    expect([...storage.told]).toEqual([...l2Tables, ...refcountBlocks]);
    for (const table of [...l2Tables, ...refcountBlocks]) expect(storage.untold).not.toContain(table);
  });

  it('is told the L2 tables of a disk that is read in order', () => {
    const storage = fullImage();
    const image = openImage(storage, { readsInOrder: true });
    storage.untold.clear();
    for (let at = 0; at < image.virtualSize; at += L2_COVERAGE) extentAt(image, at, L2_COVERAGE);
    expect([...storage.told]).toEqual(l2Tables);
    expect(storage.untold).toEqual(new Set());
  });

  it('is told nothing of a disk that is read from anywhere', () => {
    const storage = fullImage();
    extentAt(openImage(storage), 0, L2_COVERAGE);
    expect(storage.told).toEqual(new Set());
  });
});
