import { describe, expect, it } from 'vitest';
import {
  applySnapshot,
  checkImage,
  closeImage,
  createImage,
  createSnapshot,
  deleteSnapshot,
  discard,
  drain,
  findSnapshot,
  flushImage,
  isEngineError,
  MemoryStorage,
  openImage,
  writeAt,
  writeCompressed,
} from '#engine';
import { FailingAccess, unclosable } from '../image/failing-access.ts';

it('puts no compressed stream behind one that went with the disk before a snapshot was applied', () => {
  const storage = new MemoryStorage();
  const clusterSize = 4096;
  createImage(storage, { size: 64 * clusterSize, clusterSize });
  const image = openImage(storage, { writable: true });
  const cluster = new Uint8Array(clusterSize);
  createSnapshot(image, { name: 'empty', dateSeconds: 0, dateNanoseconds: 0 });
  writeCompressed(image, 0, cluster.fill(1));
  applySnapshot(image, image.snapshots[0]!);
  for (let index = 0; index < 8; index++) writeAt(image, index * clusterSize, cluster.fill(2));
  writeCompressed(image, 16 * clusterSize, cluster.fill(3));
  flushImage(image);
  expect(drain(checkImage(storage)).messages).toEqual([]);
});

describe('a snapshot table that moves', () => {
  it('is the one in memory too, whatever read fails on the way', () => {
    const sound = imageWithRoomBeforeItsTable();
    for (let index = 0; ; index++) {
      const memory = MemoryStorage.from(sound.toBytes());
      const storage = new FailingAccess(memory, { access: 'read', effect: 'none', index });
      try {
        const image = openImage(storage, { writable: true });
        try {
          deleteSnapshot(image, findSnapshot(image, 'first')!);
        } catch (error) {
          if (!isEngineError(error)) throw error;
        }
        createSnapshot(image, { name: 'third', dateSeconds: 0, dateNanoseconds: 0 });
        closeImage(image);
      } catch (error) {
        if (!isEngineError(error)) throw error;
      }
      expect(drain(checkImage(memory)).counters.corruptions, `read ${index}`).toBe(0);
      if (!storage.hasFailed) break;
    }
  });
});

/** Two snapshots; the table is at the end of the file, and the next one will stand before all data. */
function imageWithRoomBeforeItsTable(): MemoryStorage {
  const memory = new MemoryStorage();
  createImage(memory, { size: 64 * 512, clusterSize: 512 });
  const image = openImage(unclosable(memory), { writable: true });
  writeAt(image, 0, new Uint8Array(40 * 512).fill(1));
  discard(image, 0, 3 * 512);
  flushImage(image);
  for (const name of ['first', 'second']) createSnapshot(image, { name, dateSeconds: 0, dateNanoseconds: 0 });
  closeImage(image);
  return memory;
}
