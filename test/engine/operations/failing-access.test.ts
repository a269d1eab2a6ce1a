import { describe, expect, it } from 'vitest';
import {
  addBitmap,
  amendImage,
  applySnapshot,
  checkImage,
  closeImage,
  createImage,
  createSnapshot,
  deleteSnapshot,
  DIRTY_BIT,
  drain,
  EngineError,
  findSnapshot,
  flushImage,
  isEngineError,
  MemoryStorage,
  openImage,
  rawSource,
  readAt,
  readHead,
  removeBitmap,
  repairImage,
  resizeImage,
  rewriteBackingFile,
  viewSnapshot,
  writeAt,
  writeCompressed,
  writeVmState,
  writeZeroes,
  type Image,
  type SnapshotEntry,
  type Storage,
} from '#engine';
import { FailingAccess, type Failure } from '../image/failing-access.ts';
import { FullStorage } from '../image/full-storage.ts';

// Whatever access of an operation fails, or if the disk is full: the error is a clear one, the image can be repaired, and
// disk and snapshots hold what they held, or what the operation makes of them.

const CLUSTER = 512;
const DISK = 160 * CLUSTER;

/** A disk with a snapshot, changed since then, and perhaps a bitmap that records. */
function newImage({ hasBitmap }: { hasBitmap: boolean }): Uint8Array {
  const storage = new MemoryStorage();
  createImage(storage, { size: DISK, clusterSize: CLUSTER });
  const image = openImage(storage, { writable: true });
  for (let index = 0; index < 40; index++) writeAt(image, index * 3 * CLUSTER, new Uint8Array(CLUSTER).fill(index + 1));
  createSnapshot(image, { name: 'before', dateSeconds: 0, dateNanoseconds: 0 });
  if (hasBitmap) addBitmap(image, { name: 'changes', granularity: CLUSTER, isEnabled: true }, 'image');
  for (let index = 0; index < 20; index++)
    writeAt(image, index * 5 * CLUSTER, new Uint8Array(CLUSTER).fill(100 + index));
  closeImage(image);
  return storage.toBytes();
}

const ZEROS = rawSource(new MemoryStorage());
const SOUND = newImage({ hasBitmap: true });
const SOUND_WITHOUT_BITMAP = newImage({ hasBitmap: false });
const DISK_BEFORE = diskOf(MemoryStorage.from(SOUND));
const SNAPSHOT = snapshotOf(MemoryStorage.from(SOUND), 'before')!;

interface Operation {
  readonly name: string;
  readonly run: (image: Image) => void;
  /** What the disk holds when it is done, where that differs. */
  readonly after?: (disk: Uint8Array) => void;
  /** The image that it is done to; default: the one with a bitmap. */
  readonly sound?: Uint8Array;
}

const OPERATIONS: readonly Operation[] = [
  {
    name: 'a snapshot',
    run: (image) => createSnapshot(image, { name: 'new', dateSeconds: 0, dateNanoseconds: 0 }),
  },
  {
    name: 'going back to a snapshot',
    run: (image) => applySnapshot(image, mustFindSnapshot(image)),
    after: (disk) => disk.set(SNAPSHOT),
    // Where there are bitmaps, it is refused.
    sound: SOUND_WITHOUT_BITMAP,
  },
  { name: 'a snapshot less', run: (image) => deleteSnapshot(image, mustFindSnapshot(image)) },
  { name: 'a larger disk', run: (image) => resizeImage(image, DISK * 40) },
  { name: 'wider refcounts', run: (image) => drain(amendImage(image, { refcountBits: 64 })) },
  { name: 'lazy refcounts', run: (image) => drain(amendImage(image, { lazyRefcounts: true })) },
  { name: 'an older version', run: (image) => drain(amendImage(image, { compat: '0.10' })) },
  { name: 'a backing file', run: (image) => rewriteBackingFile(image, { name: 'base.raw', format: 'raw' }) },
  {
    name: 'a bitmap more',
    run: (image) => addBitmap(image, { name: 'more', granularity: CLUSTER, isEnabled: true }, 'image'),
  },
  { name: 'a bitmap less', run: (image) => removeBitmap(image, 'changes') },
  { name: 'a VM state', run: (image) => writeVmState(image, 0, new Uint8Array(3000).fill(7)) },
  {
    name: 'compressed data',
    run: (image) => writeCompressed(image, 150 * CLUSTER, new Uint8Array(CLUSTER).fill(9)),
    after: (disk) => disk.fill(9, 150 * CLUSTER, 151 * CLUSTER),
  },
  {
    name: 'zeros',
    run: (image) => writeZeroes(image, 0, 40 * CLUSTER, { unmap: true }),
    after: (disk) => disk.fill(0, 0, 40 * CLUSTER),
  },
];

function isMarkedDirty(storage: Storage): boolean {
  return (readHead(storage, { writable: false }).header.incompatibleFeatures & DIRTY_BIT) !== 0n;
}

function mustFindSnapshot(image: Image): SnapshotEntry {
  const snapshot = findSnapshot(image, 'before');
  if (snapshot === null) throw new EngineError('not-found', 'The snapshot is gone already.');
  return snapshot;
}

function diskOf(storage: Storage): Uint8Array {
  const bytes = new Uint8Array(DISK);
  readAt(openImage(storage, { backing: ZEROS }), 0, bytes);
  return bytes;
}

function snapshotOf(storage: Storage, name: string): Uint8Array | null {
  const image = openImage(storage, { backing: ZEROS });
  const snapshot = findSnapshot(image, name);
  if (snapshot === null) return null;
  viewSnapshot(image, snapshot);
  const bytes = new Uint8Array(DISK);
  readAt(image, 0, bytes);
  return bytes;
}

/** Only errors with a name may come out. */
function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isEngineError(error)) throw error;
  }
}

/** Runs an operation on a storage that fails, and looks at what the storage holds afterwards. */
function mustSurvive(memory: MemoryStorage, storage: Storage, { run, after }: Operation, how: string): void {
  attempt(() => {
    const image = openImage(storage, { writable: true });
    attempt(() => {
      run(image);
      flushImage(image);
    });
    closeImage(image);
  });
  drain(repairImage(memory, 'all'));
  const { counters, messages } = drain(checkImage(memory));
  expect([counters.corruptions, counters.leaks, counters.checkErrors], `${how}: ${messages.join('; ')}`).toEqual([
    0, 0, 0,
  ]);
  const changed = DISK_BEFORE.slice();
  after?.(changed);
  const disk = diskOf(memory);
  for (let at = 0; at < DISK; at += CLUSTER) {
    const value = disk[at];
    if (value !== DISK_BEFORE[at] && value !== changed[at]) expect.fail(`${how}: byte ${at} of the disk is ${value}`);
  }
  const snapshot = snapshotOf(memory, 'before');
  if (snapshot !== null) expect(Buffer.compare(snapshot, SNAPSHOT), `${how}: the snapshot`).toBe(0);
}

/**
 * Runs an operation, once or again, on a storage that fails once, and goes on with writes that are acknowledged. An image
 * that is not marked dirty is repaired by nobody: it must be sound as it is.
 */
function mustGoOn(
  memory: MemoryStorage,
  storage: Storage,
  { run }: Operation,
  { times, takesSnapshot, how }: { readonly times: number; readonly takesSnapshot: boolean; readonly how: string },
): void {
  const written = new Uint8Array(2 * CLUSTER).fill(200);
  const places = [0, 61 * CLUSTER, 157 * CLUSTER];
  let isAcknowledged = false;
  attempt(() => {
    const image = openImage(storage, { writable: true, backing: ZEROS });
    for (let count = 0; count < times; count++) attempt(() => run(image));
    if (takesSnapshot) attempt(() => createSnapshot(image, { name: 'later', dateSeconds: 0, dateNanoseconds: 0 }));
    attempt(() => {
      for (const at of places) writeAt(image, at, written);
      flushImage(image);
      isAcknowledged = true;
    });
    closeImage(image);
  });
  if (!isMarkedDirty(memory)) {
    // Where refcounts are too high, the flags may not agree with them; that costs space, nothing else.
    const errors = drain(checkImage(memory)).messages.filter((line) => /^ERROR(?! OFLAG_COPIED)/.test(line));
    expect(errors, how).toEqual([]);
  }
  if (isAcknowledged) {
    const disk = diskOf(memory);
    for (const at of places) expect(disk.subarray(at, at + written.length), `${how}: at ${at}`).toEqual(written);
  }
  const snapshot = snapshotOf(memory, 'before');
  if (snapshot !== null) expect(Buffer.compare(snapshot, SNAPSHOT), `${how}: the snapshot`).toBe(0);
}

const FAILURES: readonly Omit<Failure, 'index'>[] = [
  { access: 'read', effect: 'none' },
  { access: 'write', effect: 'none' },
  { access: 'write', effect: 'half' },
  { access: 'write', effect: 'done' },
  { access: 'flush', effect: 'none' },
  { access: 'truncate', effect: 'none' },
];

describe.each(OPERATIONS)('$name', (operation) => {
  const { sound = SOUND } = operation;

  it.each(FAILURES)('survives any $access that fails, done: $effect', (failure) => {
    for (let index = 0; ; index++) {
      const memory = MemoryStorage.from(sound);
      const storage = new FailingAccess(memory, { ...failure, index });
      mustSurvive(memory, storage, operation, `${failure.access} ${index}`);
      if (!storage.hasFailed) break;
    }
  });

  it.each(FAILURES)('can go on when any $access failed, done: $effect', (failure) => {
    for (let index = 0; ; index++) {
      let hasFailed = false;
      for (const times of [1, 2]) {
        for (const takesSnapshot of [true, false]) {
          const memory = MemoryStorage.from(sound);
          const storage = new FailingAccess(memory, { ...failure, index });
          const how = `${failure.access} ${index}, done ${times} times, ${takesSnapshot ? 'then' : 'without'} a snapshot`;
          mustGoOn(memory, storage, operation, { times, takesSnapshot, how });
          hasFailed ||= storage.hasFailed;
        }
      }
      if (!hasFailed) break;
    }
  });

  it('survives a full disk, wherever it ends', () => {
    for (let room = 0; ; room += CLUSTER / 2) {
      const memory = MemoryStorage.from(sound);
      const storage = new FullStorage(memory, sound.length + room);
      mustSurvive(memory, storage, operation, `${room} bytes of room`);
      if (!storage.hasFailed) break;
    }
  });
});
