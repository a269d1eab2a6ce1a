import { describe, expect, it } from 'vitest';
import {
  checkImage,
  closeImage,
  createImage,
  createSnapshot,
  drain,
  EngineError,
  MemoryStorage,
  openImage,
  resizeImage,
  writeAt,
} from '#engine';
import { FullStorage } from '../image/full-storage.ts';

const CLUSTER = 512;
const SIZE = 64 * CLUSTER;

function withSnapshot(): MemoryStorage {
  const memory = new MemoryStorage();
  createImage(memory, { size: SIZE, clusterSize: CLUSTER });
  const image = openImage(memory, { writable: true });
  writeAt(image, 0, new Uint8Array(4 * CLUSTER).fill(1));
  createSnapshot(image, { name: 'before', dateSeconds: 0, dateNanoseconds: 0 });
  closeImage(image);
  return MemoryStorage.from(memory.toBytes());
}

describe.each(['metadata', 'falloc', 'full'] as const)('preallocation %s of a larger disk', (mode) => {
  it.each([0, 1, 8, 40, 150])('leaves no leak behind where the disk has room for %i clusters', (room) => {
    const memory = withSnapshot();
    const image = openImage(new FullStorage(memory, memory.size + room * CLUSTER), { writable: true });
    expect(() => resizeImage(image, SIZE * 4, mode)).toThrow(EngineError);
    expect(image.virtualSize).toBe(SIZE);
    closeImage(image);
    const { counters, messages } = drain(checkImage(memory));
    expect([counters.corruptions, counters.leaks], messages.slice(0, 3).join('; ')).toEqual([0, 0]);
  });
});
