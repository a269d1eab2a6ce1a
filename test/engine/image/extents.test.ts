import { beforeEach, describe, expect, it } from 'vitest';
import { createImage, extentAt, flushImage, MemoryStorage, openImage, readAt, setU64, viewOf, writeAt } from '#engine';

/** Where a new image with clusters of 16 KiB gets its first L2 table. */
const L2_TABLE = 4 * 16384;
const CLUSTER_SIZE = 16384;

function imageWith(options: { compat?: '0.10'; extendedL2?: true }): MemoryStorage {
  const storage = new MemoryStorage();
  createImage(storage, { size: 1024 * 1024, clusterSize: CLUSTER_SIZE, ...options });
  const image = openImage(storage, { writable: true });
  writeAt(image, 0, new Uint8Array(CLUSTER_SIZE).fill(1));
  flushImage(image);
  return storage;
}

function setEntry(storage: MemoryStorage, at: number, value: number): void {
  const bytes = new Uint8Array(8);
  setU64(viewOf(bytes), 0, value);
  storage.write(at, bytes);
}

describe('an L2 table with a broken entry', () => {
  let storage: MemoryStorage;

  beforeEach(() => {
    storage = imageWith({ compat: '0.10' });
    setEntry(storage, L2_TABLE + 8, 1);
  });

  it('is readable up to the broken entry', () => {
    const image = openImage(storage);
    expect(extentAt(image, 0, 2 * CLUSTER_SIZE)).toMatchObject({ kind: 'data', length: CLUSTER_SIZE });
    expect(() => extentAt(image, CLUSTER_SIZE, CLUSTER_SIZE)).toThrow('Zero cluster entry found in pre-v3 image');
  });
});

it('an unaligned cluster is named by its L2 entry when it is read', () => {
  const storage = imageWith({});
  setEntry(storage, L2_TABLE, 5 * CLUSTER_SIZE + 512);
  expect(() => readAt(openImage(storage), 0, new Uint8Array(512))).toThrow(
    'Cluster allocation offset 0x14200 unaligned (L2 offset: 0x10000, L2 index: 0)',
  );
});

it('a subcluster bitmap that contradicts itself anywhere makes the whole cluster unreadable', () => {
  const storage = imageWith({ extendedL2: true });
  storage.write(L2_TABLE + 8, Uint8Array.of(0x80, 0, 0, 0));
  expect(() => readAt(openImage(storage), 0, new Uint8Array(512))).toThrow('Invalid cluster entry found');
});

it('an L2 table is read in one piece by who reads the disk in order, and in small ones by others', () => {
  const storage = new MemoryStorage();
  createImage(storage, { size: 512 * 1024 * 1024, preallocation: 'metadata' });
  const readsOf = (readsInOrder: boolean) => {
    const lengths: number[] = [];
    const image = openImage(storage, { readsInOrder });
    const { read } = storage;
    storage.read = (at, into) => {
      lengths.push(into.length);
      read.call(storage, at, into);
    };
    expect(extentAt(image, 0, image.virtualSize)).toMatchObject({ kind: 'data', length: image.virtualSize });
    storage.read = read;
    return lengths;
  };
  expect(readsOf(true)).toEqual([65536]);
  expect(readsOf(false)).toEqual(Array.from({ length: 16 }, () => 4096));
});
