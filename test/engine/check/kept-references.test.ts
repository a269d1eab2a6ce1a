import { describe, expect, it } from 'vitest';
import {
  checkImage,
  closeImage,
  createImage,
  createSnapshot,
  drain,
  MemoryStorage,
  openImage,
  readAt,
  repairImage,
  writeAt,
  writeCompressed,
} from '#engine';

const CLUSTER = 65536;
const L2_TABLE_AT = 4 * CLUSTER;
const SNAPSHOTS_OFFSET_AT = 64;

function bytesOf(options: { extendedL2: boolean }, fill: (image: ReturnType<typeof openImage>) => void): Uint8Array {
  const storage = new MemoryStorage();
  createImage(storage, { size: 1024 * 1024, clusterSize: CLUSTER, ...options });
  const image = openImage(storage, { writable: true });
  fill(image);
  closeImage(image);
  return storage.toBytes();
}

describe('a repair keeps', () => {
  it('compressed data whose extended entry has a bitmap, which the guest reads all the same', () => {
    const bytes = bytesOf({ extendedL2: true }, (image) => writeCompressed(image, 0, new Uint8Array(CLUSTER).fill(7)));
    bytes[L2_TABLE_AT + 15] = 1;
    const storage = MemoryStorage.from(bytes);
    const { messages, counters } = drain(checkImage(storage));
    expect(messages).toEqual([expect.stringMatching(/^ERROR compressed cluster 0 with non-zero subcluster/)]);
    expect(counters).toMatchObject({ corruptions: 1, leaks: 0 });
    drain(repairImage(storage, 'all'));
    const disk = new Uint8Array(CLUSTER);
    readAt(openImage(storage), 0, disk);
    expect(disk.every((byte) => byte === 7)).toBe(true);
  });

  it('everything where the snapshot table lies at no place of a file', () => {
    const bytes = bytesOf({ extendedL2: false }, (image) => {
      writeAt(image, 0, new Uint8Array(CLUSTER).fill(7));
      createSnapshot(image, { name: 'before', dateSeconds: 0, dateNanoseconds: 0 });
      writeAt(image, 0, new Uint8Array(CLUSTER).fill(8));
    });
    new DataView(bytes.buffer).setBigUint64(SNAPSHOTS_OFFSET_AT, 2n ** 63n);
    const storage = MemoryStorage.from(bytes.slice());
    const { messages, aborted } = drain(checkImage(storage));
    expect(messages).toEqual(['qemu-img: ERROR snapshot table offset invalid']);
    expect(aborted).toBe('Invalid argument');
    drain(repairImage(storage, 'all'));
    expect(Buffer.compare(storage.toBytes(), bytes)).toBe(0);
  });
});
