import { expect, it } from 'vitest';
import {
  createImage,
  MemoryStorage,
  openImage,
  readAllButCompressed,
  runCodecJob,
  writeAt,
  writeCompressed,
  type Image,
} from '#engine';

const CLUSTER = 4096;

/** Clusters 0 to 3 compressed one behind the other, 4 plain, 5 compressed in the middle of the streams' places. */
function imageOfStreams(): { image: Image; storage: MemoryStorage; content: Uint8Array } {
  const storage = new MemoryStorage();
  createImage(storage, { size: 6 * CLUSTER, clusterSize: CLUSTER });
  const image = openImage(storage, { writable: true });
  // Sixteen values, in no order: a stream of some two thousand bytes.
  let state = 1;
  const content = Uint8Array.from({ length: 6 * CLUSTER }, () => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >>> 16) & 15;
  });
  for (const index of [0, 1, 5, 2, 3]) {
    writeCompressed(image, index * CLUSTER, content.subarray(index * CLUSTER, (index + 1) * CLUSTER));
  }
  writeAt(image, 4 * CLUSTER, content.subarray(4 * CLUSTER, 5 * CLUSTER));
  return { image, storage, content };
}

function readWith(image: Image, roomLength: number, start = 0, end = 6 * CLUSTER) {
  const output = new Uint8Array(end - start);
  const input = new Uint8Array(roomLength);
  const items = readAllButCompressed(image, start, output, input);
  const results = runCodecJob({ kind: 'decompress', compression: 'zlib', clusterSize: CLUSTER, input, output, items });
  expect(results).toEqual(items.map(() => CLUSTER));
  return { output, items };
}

it('gives the streams of whole clusters and reads the rest, whatever fits into the room', () => {
  const { image, content } = imageOfStreams();
  for (const [roomLength, streamCount] of [
    [6 * CLUSTER, 5],
    [0, 0],
  ] as const) {
    const { output, items } = readWith(image, roomLength);
    expect(items).toHaveLength(streamCount);
    expect(Buffer.compare(output, content)).toBe(0);
  }
  for (let roomLength = 100; roomLength < 3 * CLUSTER; roomLength += 211) {
    expect(Buffer.compare(readWith(image, roomLength).output, content)).toBe(0);
  }
});

it('reads parts of clusters at once', () => {
  const { image, content } = imageOfStreams();
  const [start, end] = [1000, 5 * CLUSTER + 7];
  const { output, items } = readWith(image, 6 * CLUSTER, start, end);
  expect(items).toHaveLength(3);
  expect(Buffer.compare(output, content.subarray(start, end))).toBe(0);
});

it('reads streams that follow one another in one piece', () => {
  const { image, storage } = imageOfStreams();
  let reads = 0;
  const read = storage.read.bind(storage);
  readWith(image, 6 * CLUSTER);
  storage.read = (at, into) => {
    reads++;
    read(at, into);
  };
  expect(readWith(image, 6 * CLUSTER, 0, 4 * CLUSTER).items).toHaveLength(4);
  expect(reads).toBeLessThanOrEqual(2);
});
