import { describe, expect, it } from 'vitest';
import {
  checkImage,
  closeImage,
  createImage,
  decodeHeader,
  discard,
  drain,
  flushImage,
  isEngineError,
  MemoryStorage,
  openImage,
  readAt,
  writeAt,
  type CreateOptions,
  type Storage,
} from '#engine';
import { RecordingStorage } from '../repair/crash-states.ts';
import { FailingAccess, unclosable } from './failing-access.ts';

const CLUSTER = 4096;

function lazyImage(options: Partial<CreateOptions> = {}): MemoryStorage {
  const storage = new MemoryStorage();
  createImage(storage, { size: 1024 * 1024, clusterSize: CLUSTER, lazyRefcounts: true, ...options });
  return storage;
}

function isDirty(storage: Storage): boolean {
  const header = new Uint8Array(112);
  storage.read(0, header);
  return (decodeHeader(header).incompatibleFeatures & 1n) !== 0n;
}

const filled = (value: number, length = CLUSTER) => new Uint8Array(length).fill(value);

function read(storage: Storage, at: number, length = CLUSTER): Uint8Array {
  const into = new Uint8Array(length);
  readAt(openImage(storage), at, into);
  return into;
}

describe('the dirty bit', () => {
  it('is set on disk when a new cluster is linked, survives a guest flush, and is cleared by close', () => {
    const storage = lazyImage();
    const image = openImage(unclosable(storage), { writable: true });
    expect(isDirty(storage)).toBe(false);
    writeAt(image, 0, filled(1));
    expect(isDirty(storage)).toBe(true);
    flushImage(image);
    expect(isDirty(storage)).toBe(true);
    closeImage(image);
    expect(isDirty(storage)).toBe(false);
  });

  it('is not set by overwriting in place, reading, discarding or flushing', () => {
    const storage = lazyImage();
    const first = openImage(unclosable(storage), { writable: true });
    writeAt(first, 0, filled(1, 2 * CLUSTER));
    closeImage(first);

    const image = openImage(unclosable(storage), { writable: true });
    writeAt(image, 0, filled(2));
    readAt(image, 0, new Uint8Array(CLUSTER));
    discard(image, CLUSTER, CLUSTER);
    flushImage(image);
    expect(isDirty(storage)).toBe(false);
    closeImage(image);
  });

  it('is not set without lazy refcounts, and set with them by option on an image without the feature', () => {
    const storage = lazyImage({ lazyRefcounts: false });
    const eager = openImage(unclosable(storage), { writable: true });
    writeAt(eager, 0, filled(1));
    expect(isDirty(storage)).toBe(false);
    closeImage(eager);
    writeAt(openImage(unclosable(storage), { writable: true, lazyRefcounts: true }), CLUSTER, filled(1));
    expect(isDirty(storage)).toBe(true);
  });

  it('refuses lazy refcounts for version 2', () => {
    const storage = lazyImage({ compat: '0.10', lazyRefcounts: false });
    expect(() => openImage(storage, { lazyRefcounts: true })).toThrow(
      'Lazy refcounts require a qcow2 image with at least qemu 1.1 compatibility level',
    );
  });
});

describe('after a crash', () => {
  function crashed(): MemoryStorage {
    const storage = lazyImage();
    const image = openImage(storage, { writable: true });
    writeAt(image, 0, filled(1));
    writeAt(image, 8 * CLUSTER, filled(2));
    flushImage(image);
    return storage;
  }

  it('opens read-only without touching a byte', () => {
    const storage = crashed();
    const before = storage.toBytes();
    expect(read(storage, 0)).toEqual(filled(1));
    expect(storage.toBytes()).toEqual(before);
  });

  it('is repaired by the next writable open, before anything is allocated', () => {
    const storage = crashed();
    const image = openImage(unclosable(storage), { writable: true });
    expect(isDirty(storage)).toBe(false);
    writeAt(image, 16 * CLUSTER, filled(3));
    closeImage(image);
    const { counters } = drain(checkImage(storage));
    expect({ corruptions: counters.corruptions, leaks: counters.leaks }).toEqual({ corruptions: 0, leaks: 0 });
    expect(read(storage, 0)).toEqual(filled(1));
    expect(read(storage, 8 * CLUSTER)).toEqual(filled(2));
    expect(read(storage, 16 * CLUSTER)).toEqual(filled(3));
  });
});

describe('freed clusters', () => {
  it('are reused only after a flush that makes their release durable', () => {
    const storage = lazyImage({ lazyRefcounts: false });
    const recording = new RecordingStorage(storage);
    const image = openImage(recording, { writable: true });
    writeAt(image, 0, filled(1));
    flushImage(image);
    const end = storage.size;
    recording.events.length = 0;
    discard(image, 0, CLUSTER);
    writeAt(image, CLUSTER, filled(2));
    // The file need not grow: the engine flushes by itself, before the new data goes where the old was.
    expect(storage.size).toBe(end);
    const reused = recording.events.findIndex((event) => event.kind === 'write' && event.bytes[0] === 2);
    const flushed = recording.events.findLastIndex((event, index) => event.kind === 'flush' && index < reused);
    const unmapped = recording.events.findIndex((event) => event.kind === 'write');
    expect([unmapped >= 0, unmapped < flushed, flushed < reused]).toEqual([true, true, true]);
  });

  it('are waited for only once between two flushes of the guest', () => {
    const storage = lazyImage({ lazyRefcounts: false });
    const image = openImage(storage, { writable: true });
    writeAt(image, 0, filled(1));
    flushImage(image);
    const end = storage.size;
    discard(image, 0, CLUSTER);
    writeAt(image, CLUSTER, filled(2));
    discard(image, CLUSTER, CLUSTER);
    writeAt(image, 2 * CLUSTER, filled(3));
    expect(storage.size).toBe(end + CLUSTER);
    flushImage(image);
    writeAt(image, 3 * CLUSTER, filled(4));
    expect(storage.size).toBe(end + CLUSTER);
    flushImage(image);
    expect(drain(checkImage(storage)).counters).toMatchObject({ corruptions: 0, leaks: 0 });
  });
});

/** From one access on, nothing that is to change the file succeeds. */
const DISK_GONE = { access: ['write', 'truncate', 'flush'], effect: 'none', isLasting: true } as const;

describe('a storage that fails', () => {
  it.each([
    { lazyRefcounts: true, cacheMode: 'writethrough' },
    { lazyRefcounts: false, cacheMode: 'writethrough' },
    { lazyRefcounts: true, cacheMode: 'writeback' },
    { lazyRefcounts: false, cacheMode: 'writeback' },
  ] as const)('at any write or flush loses nothing acknowledged ($cacheMode, lazy $lazyRefcounts)', (variant) => {
    for (let failAt = 0; ; failAt++) {
      const memory = lazyImage({ lazyRefcounts: variant.lazyRefcounts, refcountBits: 64, clusterSize: 512 });
      const storage = new FailingAccess(memory, { ...DISK_GONE, index: failAt });
      const acknowledged = new Map<number, number>();
      const image = openImage(storage, { writable: true, cacheMode: variant.cacheMode });
      try {
        for (let step = 1; step <= 90; step++) {
          const cluster = (step * 37) % 200;
          writeAt(image, cluster * 512, filled(step, 512));
          flushImage(image);
          acknowledged.set(cluster, step);
          if (step % 5 === 0) {
            const gone = (step * 7) % 200;
            acknowledged.delete(gone);
            discard(image, gone * 512, 512);
          }
        }
      } catch (error) {
        expect(isEngineError(error, 'io'), String(error)).toBe(true);
      }
      try {
        closeImage(image);
      } catch (error) {
        expect(isEngineError(error, 'io'), String(error)).toBe(true);
      }
      const again = openImage(memory, { writable: true });
      for (const [cluster, value] of acknowledged) {
        const into = new Uint8Array(512);
        readAt(again, cluster * 512, into);
        expect(into[0] === value && into[511] === value, `cluster ${cluster} after failure at ${failAt}`).toBe(true);
      }
      expect(drain(checkImage(memory)).counters.corruptions, `failure at ${failAt}`).toBe(0);
      if (!storage.hasFailed) break;
    }
  });
});
