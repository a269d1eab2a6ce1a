import { describe, expect, it } from 'vitest';
import {
  checkImage,
  closeImage,
  createImage,
  discard,
  drain,
  MemoryStorage,
  openImage,
  readAt,
  repairImage,
  resizeImage,
  writeAt,
} from '#engine';
import { getU64, setU64, viewOf } from '../../../src/engine/bytes/big-endian.ts';
import { randomFrom } from '../../../src/lab/explore/enumerate.ts';
import { crashStates, RecordingStorage } from '../repair/crash-states.ts';

const KIB = 1024;

describe('shrinking a disk', () => {
  it('leaves no refcount block that counts nothing, wherever its clusters lie', () => {
    // 64 entries a block: data written from the end to the start puts blocks of kept clusters behind those of lost ones.
    for (const order of ['forwards', 'backwards'] as const) {
      const storage = filled(order);
      resizeImage(openImage(storage, { writable: true }), 64 * KIB);
      for (const blockOffset of refcountTable(storage).filter((offset) => offset !== 0)) {
        const block = storage.toBytes().subarray(blockOffset, blockOffset + 512);
        expect(
          block.some((byte) => byte !== 0),
          `${order}: block at ${blockOffset}`,
        ).toBe(true);
      }
      expectKept(storage);
      expect(drain(checkImage(storage)).messages).toEqual([]);
    }
  });

  it('keeps what it is to keep when the power fails at any place', () => {
    const memory = filled('backwards');
    const before = MemoryStorage.from(memory.toBytes());
    const storage = new RecordingStorage(memory);
    resizeImage(openImage(storage, { writable: true }), 64 * KIB);
    let count = 0;
    for (const state of crashStates(before, storage.events, randomFrom(1))) {
      drain(repairImage(state, 'all'));
      expectKept(state);
      expect(drain(checkImage(state)).messages).toEqual([]);
      count++;
    }
    expect(count).toBeGreaterThan(20);
  });

  it('shows nothing of what was cut off in the clusters that come next, when the power fails', () => {
    const cluster = 4096;
    const memory = new MemoryStorage();
    createImage(memory, { size: 32 * cluster, clusterSize: cluster, lazyRefcounts: true });
    const filling = openImage(memory, { writable: true });
    writeAt(filling, 0, new Uint8Array(11 * cluster).fill(1));
    writeAt(filling, 20 * cluster, new Uint8Array(6 * cluster).fill(2));
    discard(filling, 10 * cluster, cluster);
    closeImage(filling);
    const before = MemoryStorage.from(memory.toBytes());
    const storage = new KeepingStorage(MemoryStorage.from(memory.toBytes()));
    const image = openImage(storage, { writable: true });
    // Sets the dirty bit, under which refcounts need no flush.
    writeAt(image, 11 * cluster, new Uint8Array(cluster).fill(3));
    resizeImage(image, 14 * cluster);
    writeAt(image, 13 * cluster, new Uint8Array(1024).fill(4));
    closeImage(image);
    for (const state of crashStates(before, storage.events, randomFrom(1))) {
      const again = openImage(state, { writable: true });
      const bytes = new Uint8Array(cluster);
      readAt(again, 13 * cluster, bytes);
      expect(bytes.every((byte) => byte === 0 || byte === 4)).toBe(true);
    }
  });

  it('keeps the size of an image whose refcount blocks lie where nothing counts them', () => {
    const storage = filled('forwards');
    const tableOffset = getU64(viewOf(storage.toBytes()), 48);
    const entry = new Uint8Array(8);
    setU64(viewOf(entry), 0, 2 ** 40);
    storage.write(tableOffset + 8 * (refcountTable(storage).length - 1), entry);
    const image = openImage(storage, { writable: true });
    expect(() => resizeImage(image, 64 * KIB)).toThrow(
      /Failed to discard unused refblocks: .*Refblock at 0x10000000000 is not covered/,
    );
    expect(openImage(storage).virtualSize).toBe(256 * KIB);
  });
});

/** Discarded ranges read as before, which a storage may do. */
class KeepingStorage extends RecordingStorage {
  override discard(): void {}
}

function filled(order: 'forwards' | 'backwards'): MemoryStorage {
  const storage = new MemoryStorage();
  createImage(storage, { size: 256 * KIB, clusterSize: 512, refcountBits: 64 });
  const image = openImage(storage, { writable: true });
  for (let step = 0; step < 16; step++) {
    const part = order === 'forwards' ? step : 15 - step;
    writeAt(image, part * 16 * KIB, new Uint8Array(16 * KIB).fill(part + 1));
  }
  closeImage(image);
  return MemoryStorage.from(storage.toBytes());
}

function expectKept(storage: MemoryStorage): void {
  const bytes = new Uint8Array(64 * KIB);
  readAt(openImage(storage), 0, bytes);
  expect(bytes.every((byte, at) => byte === Math.floor(at / (16 * KIB)) + 1)).toBe(true);
}

function refcountTable(storage: MemoryStorage): number[] {
  const bytes = storage.toBytes();
  const view = viewOf(bytes);
  const offset = getU64(view, 48);
  return Array.from({ length: (view.getUint32(56) * 512) / 8 }, (_, index) => getU64(view, offset + 8 * index));
}
