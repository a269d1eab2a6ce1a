import { describe, expect, it } from 'vitest';
import { truncateAfterLastCluster } from '../../../src/engine/operations/resize.ts';
import {
  addBitmap,
  checkImage,
  closeImage,
  createImage,
  decodeHeader,
  drain,
  MemoryStorage,
  openImage,
  readHead,
  viewOf,
  writeAt,
} from '#engine';

const CLUSTER_SIZE = 512;

function newDisk(): MemoryStorage {
  const disk = new MemoryStorage();
  createImage(disk, { size: 64 * CLUSTER_SIZE, clusterSize: CLUSTER_SIZE });
  return disk;
}

// Offsets of a broken image can be so large that adjacent clusters have the same number.
describe('a place beyond 2^62', () => {
  it('holds no metadata', () => {
    const image = openImage(newDisk(), { writable: true });
    expect(image.guard.overlapOf(2 ** 63, 8)).toBeNull();
    expect(image.guard.overlapOf(2 ** 62, 3 * CLUSTER_SIZE)).toBeNull();
  });

  it('can be let go without effect', () => {
    const image = openImage(newDisk(), { writable: true });
    image.allocator.free(2 ** 62, 3);
    closeImage(image);
  });

  it('is not where a file is looked through for its last cluster', () => {
    const disk = newDisk();
    const image = openImage(disk, { writable: true });
    disk.truncate(2 ** 59);
    truncateAfterLastCluster(image);
    expect(disk.size).toBeLessThan(64 * 1024);
  });

  it('is no reason not to close an image whose bitmap points there', () => {
    const disk = newDisk();
    const first = openImage(disk, { writable: true });
    addBitmap(first, { name: 'b0', granularity: 512, isEnabled: true }, 'image');
    closeImage(first);
    const bytes = disk.toBytes();
    const { bitmaps } = readHead(MemoryStorage.from(bytes), { writable: false }).extensions;
    viewOf(bytes).setBigUint64(bitmaps!.directoryOffset, 0x7dde_0000_0000_3000n);
    const storage = MemoryStorage.from(bytes);
    const image = openImage(storage, { writable: true });
    writeAt(image, 0, new Uint8Array(CLUSTER_SIZE).fill(1));
    closeImage(image);
    const closed = MemoryStorage.from(storage.toBytes());
    expect(decodeHeader(storage.toBytes()).incompatibleFeatures).toBe(0n);
    expect(drain(checkImage(closed)).counters.corruptions).toBe(0);
  });
});
