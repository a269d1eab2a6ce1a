import { describe, expect, it } from 'vitest';
import {
  closeImage,
  createImage,
  makeEmpty,
  MemoryStorage,
  openImage,
  readAt,
  writeAt,
  type GuestSource,
} from '#engine';
import { crashStates, RecordingStorage } from '../repair/crash-states.ts';

const CLUSTER = 4096;
const SIZE = 64 * CLUSTER;

/** What a commit leaves behind: the same bytes in the backing file. */
const BACKING: GuestSource = {
  virtualSize: SIZE,
  readAt: (_, into) => void into.fill(7),
  zeroRunAt: () => 0,
  close: () => undefined,
};

describe('emptying an image after a commit', () => {
  it('shows the same bytes after a crash at any place', () => {
    const memory = new MemoryStorage();
    createImage(memory, { size: SIZE, clusterSize: CLUSTER, backingFile: 'base', backingFormat: 'raw' });
    const image = openImage(memory, { writable: true, backing: BACKING });
    writeAt(image, 0, new Uint8Array(20 * CLUSTER).fill(7));
    closeImage(image);
    const before = MemoryStorage.from(memory.toBytes());
    const storage = new RecordingStorage(MemoryStorage.from(memory.toBytes()));
    makeEmpty(openImage(storage, { writable: true, backing: BACKING }));
    let count = 0;
    for (const state of crashStates(before, storage.events, samples())) {
      const again = openImage(state, { writable: true, backing: BACKING });
      const bytes = new Uint8Array(SIZE);
      readAt(again, 0, bytes);
      expect(bytes.every((byte) => byte === 7)).toBe(true);
      closeImage(again);
      count++;
    }
    expect(count).toBeGreaterThan(10);
  });
});

/** Numbers below 1 that choose among subsets; always the same ones. */
function samples(): () => number {
  let seed = 1;
  return () => (seed = (seed * 16807) % 2147483647) / 2147483647;
}
