import { describe, expect, it } from 'vitest';
import { createImage, discard, flushImage, MemoryStorage, openImage, readAt, writeAt, writeZeroes } from '#engine';

const CLUSTER = 65536;

/** Three clusters of data, of which the first one's entry points into the middle of a cluster. */
function imageWithUnalignedEntry(): { storage: MemoryStorage; hostOffset: number } {
  const storage = new MemoryStorage();
  createImage(storage, { size: 1024 * 1024, clusterSize: CLUSTER });
  const image = openImage(storage, { writable: true });
  for (const [index, value] of [1, 2, 3].entries())
    writeAt(image, index * CLUSTER, new Uint8Array(CLUSTER).fill(value));
  flushImage(image);
  const bytes = storage.toBytes();
  const view = new DataView(bytes.buffer);
  const l1Offset = Number(view.getBigUint64(40));
  const l2Offset = Number(view.getBigUint64(l1Offset) & 0x00ff_ffff_ffff_fe00n);
  const unaligned = view.getBigUint64(l2Offset) + 0x2a00n;
  view.setBigUint64(l2Offset, unaligned);
  return { storage: MemoryStorage.from(bytes), hostOffset: Number(unaligned & 0x00ff_ffff_ffff_fe00n) };
}

describe('an entry that points between two clusters', () => {
  const verbs = {
    discard: discard,
    'write-zeroes': (...[image, at, length]: Parameters<typeof discard>) =>
      writeZeroes(image, at, length, { unmap: true }),
  };
  it.each(Object.entries(verbs))('is let go by %s without touching either, and told once', (_, verb) => {
    const { storage, hostOffset } = imageWithUnalignedEntry();
    const before = storage.toBytes();
    const told: string[] = [];
    const image = openImage(storage, { writable: true, onMessage: (line) => told.push(line) });
    verb(image, 0, CLUSTER);
    flushImage(image);
    expect(told).toEqual([
      `qcow2: Image is corrupt: Cannot free unaligned cluster 0x${hostOffset.toString(16)}; ` +
        'further non-fatal corruption events will be suppressed',
    ]);
    expect(image.isMarkedCorrupt).toBe(false);
    for (const index of [1, 2]) {
      const data = new Uint8Array(CLUSTER);
      readAt(image, index * CLUSTER, data);
      expect(new Set(data)).toEqual(new Set([index + 1]));
    }
    const refcounts = (bytes: Uint8Array) => bytes.subarray(2 * CLUSTER, 3 * CLUSTER);
    expect(refcounts(storage.toBytes())).toEqual(refcounts(before));
  });
});
