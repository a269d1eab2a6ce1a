import { expect, it } from 'vitest';
import {
  checkImage,
  flushImage,
  createImage,
  drain,
  MemoryStorage,
  openImage,
  writeAt,
  writeCompressed,
} from '#engine';

it('refuses a stream where the free clusters lie farther behind than a descriptor can say', () => {
  const storage = new MemoryStorage();
  const clusterSize = 1 << 21;
  createImage(storage, { size: 4 * clusterSize, clusterSize });
  const image = openImage(storage, { writable: true });
  const cluster = new Uint8Array(clusterSize).fill(1);
  writeAt(image, clusterSize, cluster);
  // 49 bits for the place of a stream: as if everything before that were in use.
  image.allocator.freeIndex = 2 ** 49 / clusterSize;
  expect(() => writeCompressed(image, 0, cluster)).toThrow(
    expect.objectContaining({ code: 'too-large' }) as unknown as Error,
  );
  flushImage(image);
  expect(drain(checkImage(storage)).messages).toEqual([]);
});
