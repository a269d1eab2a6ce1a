import { describe, expect, it } from 'vitest';
import {
  applyRepair,
  checkImage,
  CORRUPT_BIT,
  decodeHeader,
  DIRTY_BIT,
  drain,
  MemoryStorage,
  openImage,
  planRepair,
  repairImage,
  viewOf,
  writeAt,
} from '#engine';
import { diskWith } from './disk-with.ts';

const CLUSTER_SIZE = 4096;

/** A disk with some data whose only refcount block would begin within a cluster. */
function brokenDisk(marks = 0n): Uint8Array {
  const disk = diskWith({ size: 64 * CLUSTER_SIZE, clusterSize: CLUSTER_SIZE }, (image) =>
    writeAt(image, 0, new Uint8Array(3 * CLUSTER_SIZE).fill(7)),
  );
  const bytes = disk.toBytes();
  viewOf(bytes).setBigUint64(decodeHeader(bytes).refcountTableOffset, 0x2a00n);
  viewOf(bytes).setBigUint64(72, marks);
  return bytes;
}

const marksOf = (storage: MemoryStorage) => decodeHeader(storage.toBytes()).incompatibleFeatures;

describe('an unaligned refcount block', () => {
  it('marks the image corrupt, ends the repair when the refcounts are rebuilt, and leaves the rest to another', () => {
    const storage = MemoryStorage.from(brokenDisk());
    const first = drain(planRepair(storage, 'all'));
    drain(applyRepair(storage, first));
    expect(first.steps.map(({ kind }) => kind)).toEqual([
      'mark-corrupt',
      'write-new-refcount-blocks',
      'write-new-refcount-table',
      'switch-to-new-refcounts',
    ]);
    expect(first.after).toMatchObject({ aborted: 'No medium found' });
    expect(marksOf(storage)).toBe(CORRUPT_BIT);
    const between = drain(checkImage(storage)).counters;
    expect(between).toMatchObject({ corruptions: 0, checkErrors: 0, leaks: 1 });

    const second = drain(planRepair(storage, 'all'));
    drain(applyRepair(storage, second));
    expect(second.steps.map(({ kind }) => kind)).toEqual(['lower-refcounts', 'clear-corrupt-bit']);
    expect(second.after).toMatchObject({ aborted: null, counters: { corruptions: 0, leaks: 0, checkErrors: 0 } });
    expect(marksOf(storage)).toBe(0n);
  });

  it('is mended in one run where that is asked for, with the same result', () => {
    const twice = MemoryStorage.from(brokenDisk());
    drain(repairImage(twice, 'all'));
    drain(repairImage(twice, 'all'));
    const once = MemoryStorage.from(brokenDisk());
    const plan = drain(planRepair(once, 'all', { isOneRun: true }));
    drain(applyRepair(once, plan));
    expect(plan.after).toMatchObject({ aborted: null });
    expect(once.toBytes()).toEqual(twice.toBytes());
  });

  it('marks the image corrupt also where leaks alone are to be freed, and nothing more', () => {
    const before = brokenDisk();
    const storage = MemoryStorage.from(before);
    const { refused } = drain(repairImage(storage, 'leaks'));
    expect(refused).toMatch(/must be rebuilt/);
    expect(marksOf(storage)).toBe(CORRUPT_BIT);
    const expected = before.slice();
    viewOf(expected).setBigUint64(72, CORRUPT_BIT);
    expect(storage.toBytes()).toEqual(expected);
  });

  it('keeps a dirty image from being opened until it is mended', () => {
    const storage = MemoryStorage.from(brokenDisk(DIRTY_BIT));
    expect(() => openImage(storage, { writable: true })).toThrow(/^Could not repair dirty image: Input\/output error$/);
    expect(marksOf(storage)).toBe(CORRUPT_BIT | DIRTY_BIT);
    drain(repairImage(storage, 'all'));
    expect(marksOf(storage)).toBe(0n);
    openImage(storage, { writable: true });
  });

  it('has no mark to set in version 2', () => {
    const disk = diskWith({ size: 64 * CLUSTER_SIZE, clusterSize: CLUSTER_SIZE, compat: '0.10' }, (image) =>
      writeAt(image, 0, new Uint8Array(3 * CLUSTER_SIZE).fill(7)),
    );
    const bytes = disk.toBytes();
    viewOf(bytes).setBigUint64(decodeHeader(bytes).refcountTableOffset, 0x2a00n);
    const storage = MemoryStorage.from(bytes);
    drain(repairImage(storage, 'leaks'));
    expect(storage.toBytes()).toEqual(bytes);
    drain(repairImage(storage, 'all'));
    expect(drain(checkImage(storage)).counters).toMatchObject({ corruptions: 0, checkErrors: 0, leaks: 1 });
  });
});
