import { expect, it } from 'vitest';
import {
  applySnapshot,
  checkImage,
  flushImage,
  createImage,
  createSnapshot,
  drain,
  MemoryStorage,
  openImage,
  writeAt,
  writeCompressed,
} from '#engine';

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
