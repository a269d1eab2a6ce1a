import { describe, expect, it } from 'vitest';
import {
  addBitmap,
  BITMAP_IN_USE,
  clearBitmap,
  closeImage,
  createImage,
  discard,
  drain,
  checkImage,
  MemoryStorage,
  openImage,
  readAt,
  readHead,
  removeBitmap,
  resizeImage,
  writeAt,
  writeZeroes,
  type HostOffset,
  type Image,
  type Storage,
} from '#engine';
import { loadBits } from '../../../src/engine/bitmaps/load-bits.ts';

const SIZE = 1024 * 1024;
const SECTOR = 512;

type Event =
  | { readonly kind: 'write'; readonly at: HostOffset; readonly bytes: Uint8Array }
  | { readonly kind: 'truncate'; readonly size: number }
  | { readonly kind: 'flush' };

/** Keeps what was written, sector by sector, so that a crash can be made of any part of it. */
class LoggingStorage implements Storage {
  readonly isReadOnly = false;
  readonly events: Event[] = [];
  readonly #memory: MemoryStorage;

  constructor(memory: MemoryStorage) {
    this.#memory = memory;
  }

  get size(): number {
    return this.#memory.size;
  }

  read(at: HostOffset, into: Uint8Array): void {
    this.#memory.read(at, into);
  }

  write(at: HostOffset, bytes: Uint8Array): void {
    this.#memory.write(at, bytes);
    for (let done = 0; done < bytes.length;) {
      const length = Math.min(SECTOR - ((at + done) % SECTOR), bytes.length - done);
      this.events.push({ kind: 'write', at: at + done, bytes: bytes.slice(done, done + length) });
      done += length;
    }
  }

  truncate(size: number): void {
    this.#memory.truncate(size);
    this.events.push({ kind: 'truncate', size });
  }

  discard(): void {
    // Holes are not what this test is about.
  }

  flush(): void {
    this.events.push({ kind: 'flush' });
  }

  close(): void {
    // Nothing to release.
  }
}

/** A small generator of numbers, so that the same subsets are tried in every run. */
function* randomBits(seed: number): Generator<boolean> {
  for (let state = seed; ; state = (state * 1103515245 + 12345) % 2 ** 31) yield (state & 0x10000) !== 0;
}

/**
 * What may be on the disk after a crash at any moment: everything up to the last flush, and of what came after it nothing,
 * all, or a random part.
 */
function* crashes(start: Uint8Array, events: readonly Event[]): Generator<MemoryStorage> {
  const random = randomBits(20260101);
  let flushed = 0;
  for (let end = 0; end <= events.length; end++) {
    const isLast = end === events.length;
    if (!isLast && events[end]!.kind !== 'flush' && end % 61 !== 0) continue;
    for (const choose of [
      () => false,
      () => true,
      () => random.next().value === true,
      () => random.next().value === true,
    ]) {
      const disk = MemoryStorage.from(start.slice());
      for (let index = 0; index < end; index++) {
        const event = events[index]!;
        if (event.kind === 'flush' || (index >= flushed && !choose())) continue;
        if (event.kind === 'write') disk.write(event.at, event.bytes);
        else disk.truncate(event.size);
      }
      yield disk;
    }
    if (!isLast && events[end]!.kind === 'flush') flushed = end;
  }
}

function startingImage(options: { lazyRefcounts: boolean; clusterSize: number }): Uint8Array {
  const storage = new MemoryStorage();
  createImage(storage, { size: SIZE, ...options });
  const image = openImage(storage, { writable: true });
  writeAt(image, 0, new Uint8Array(300 * 1024).fill(1));
  addBitmap(image, { name: 'records', granularity: 4096, isEnabled: true }, 'image');
  addBitmap(image, { name: 'other', granularity: 65536, isEnabled: true }, 'image');
  closeImage(image);
  return storage.toBytes();
}

function contentOf(storage: MemoryStorage): Uint8Array {
  const image = openImage(storage);
  const bytes = new Uint8Array(image.virtualSize);
  readAt(image, 0, bytes);
  return bytes;
}

/** Granules that differ from the start and are not set in a bitmap that claims to be valid. */
function missedChanges(disk: MemoryStorage, before: Uint8Array): string[] {
  const head = readHead(disk, { writable: false });
  const now = contentOf(disk);
  return head.bitmaps.flatMap((entry) => {
    if ((entry.flags & BITMAP_IN_USE) !== 0) return [];
    const { virtualSize } = head.header;
    const bits = loadBits(disk, entry, { virtualSize, clusterSize: head.geometry.clusterSize });
    const set = new Set<number>();
    for (const { first, end } of bits.runs()) for (let bit = first; bit < end; bit++) set.add(bit);
    const granularity = 2 ** entry.granularityBits;
    const missed: string[] = [];
    for (let at = 0; at < Math.min(before.length, now.length); at += granularity) {
      const [a, b] = [before.subarray(at, at + granularity), now.subarray(at, at + granularity)];
      if (!set.has(at / granularity) && Buffer.compare(a, b.subarray(0, a.length)) !== 0)
        missed.push(`${entry.name} at ${at}`);
    }
    return missed;
  });
}

const SESSIONS: readonly [string, (image: Image) => void][] = [
  ['writes', (image) => writeAt(image, 200 * 1024, new Uint8Array(200 * 1024).fill(2))],
  ['discards', (image) => discard(image, 0, 128 * 1024)],
  ['zeroes', (image) => writeZeroes(image, 64 * 1024, 128 * 1024)],
  [
    'clears a bitmap, then writes',
    (image) => {
      clearBitmap(image, 'other');
      writeAt(image, 700 * 1024, new Uint8Array(5000).fill(3));
    },
  ],
  [
    'removes a bitmap, adds another and writes',
    (image) => {
      removeBitmap(image, 'records');
      addBitmap(image, { name: 'new', isEnabled: true }, 'image');
      writeAt(image, 100 * 1024, new Uint8Array(5000).fill(4));
    },
  ],
  ['removes the last bitmaps', (image) => ['records', 'other'].forEach((name) => removeBitmap(image, name))],
  [
    'shrinks the disk',
    (image) => {
      writeAt(image, 100 * 1024, new Uint8Array(5000).fill(5));
      resizeImage(image, SIZE / 2);
    },
  ],
];

describe.each([
  { lazyRefcounts: false, clusterSize: 4096 },
  { lazyRefcounts: true, clusterSize: 65536 },
])('after a crash at any moment, with %j', (options) => {
  it.each(SESSIONS)('a session that %s leaves no bitmap that looks valid and misses a change', (_, session) => {
    const bytes = startingImage(options);
    const before = contentOf(MemoryStorage.from(bytes.slice()));
    const disk = MemoryStorage.from(bytes.slice());
    const log = new LoggingStorage(disk);
    const image = openImage(log, { writable: true });
    session(image);
    closeImage(image);
    for (const crashed of crashes(bytes, log.events)) expect(missedChanges(crashed, before)).toEqual([]);
    const report = drain(checkImage(disk));
    expect([report.counters.corruptions, report.counters.leaks]).toEqual([0, 0]);
  });
});
