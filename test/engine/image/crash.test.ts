import { describe, expect, it } from 'vitest';
import {
  checkImage,
  closeImage,
  createImage,
  deriveNow,
  DIRTY_BIT,
  discard,
  drain,
  flushImage,
  MemoryStorage,
  openImage,
  rawSource,
  readAt,
  readHead,
  repairImage,
  unlockImage,
  writeAt,
  writeCompressed,
  writeZeroes,
  type CreateOptions,
  type Image,
  type ImageCipher,
  type Storage,
} from '#engine';
import { ScratchStorage } from '../../../src/lab/disk/scratch-storage.ts';
import { Random } from '../../tools/random.ts';
import { SEED } from '../../tools/seed.ts';
import { newVolume, PASSPHRASE } from '../luks/new-volume.ts';
import { RecordedFiles } from './crash-of-files.ts';

// Images that the crash lab does not play: encrypted ones, external data files; and compressed and extended ones with them.
// What was flushed is there after any crash, and the rest of the disk holds what some operation since then left there.

const SECTOR = 512;
const BACKING_BYTES = new Uint8Array(96 * 1024).map((_, index) => 200 + ((index >> 9) % 50));
const BACKING = rawSource(MemoryStorage.from(BACKING_BYTES));
const backing = { backingFile: 'base.raw', backingFormat: 'raw' };

interface Kind {
  readonly options: Partial<CreateOptions>;
  readonly encryption?: 'luks' | 'aes';
}

const KINDS: readonly (readonly [string, Kind])[] = [
  ['LUKS', { encryption: 'luks', options: { clusterSize: 4096 } }],
  ['LUKS with lazy refcounts', { encryption: 'luks', options: { clusterSize: 4096, lazyRefcounts: true } }],
  ['AES, version 2', { encryption: 'aes', options: { clusterSize: 4096, compat: '0.10' } }],
  ['AES over a backing file', { encryption: 'aes', options: { clusterSize: 512, ...backing } }],
  ['extended L2 entries', { options: { clusterSize: 16384, extendedL2: true, lazyRefcounts: true, ...backing } }],
  ['a data file', { options: { clusterSize: 4096, dataFile: 'data', ...backing } }],
  ['a raw data file', { options: { clusterSize: 4096, dataFile: 'data', dataFileRaw: true } }],
  ['zstd', { options: { clusterSize: 4096, compressionType: 'zstd', lazyRefcounts: true, ...backing } }],
];

/** An operation, and what it makes of the disk. */
interface Operation {
  readonly run: (image: Image) => void;
  readonly change: (disk: Uint8Array, clusterSize: number) => void;
}

function write(at: number, length: number, value: number): Operation {
  const bytes = new Uint8Array(length).fill(value);
  return { run: (image) => writeAt(image, at, bytes), change: (disk) => disk.set(bytes, at) };
}

/** A cluster, compressed where the image can be. */
function compressed(cluster: number, value: number): Operation {
  const content = (size: number) => new Uint8Array(size).map((_, index) => (index % 99 === 0 ? index >> 7 : value));
  return {
    run: (image) => {
      const { clusterSize } = image.geometry;
      const canCompress = image.cipher === null && !image.geometry.hasDataFile;
      const into = canCompress ? writeCompressed : writeAt;
      into(image, cluster * 16384, content(clusterSize));
    },
    change: (disk, clusterSize) => disk.set(content(clusterSize), cluster * 16384),
  };
}

const FLUSH: Operation = { run: flushImage, change: () => undefined };
const zeroes = (at: number, length: number, unmap: boolean): Operation => ({
  run: (image) => writeZeroes(image, at, length, { unmap }),
  change: (disk) => disk.fill(0, at, at + length),
});
const discarded = (at: number, length: number): Operation => ({
  run: (image) => discard(image, at, length),
  // Version 2 can only uncover what lies behind; without a backing file that is zeros too.
  change: (disk) => disk.fill(0, at, at + length),
});

const OPERATIONS: readonly Operation[] = [
  compressed(4, 3),
  compressed(5, 4),
  FLUSH,
  write(1000, 5000, 11),
  FLUSH,
  write(3000, 700, 12),
  write(40 * 1024 + 100, 20000, 13),
  zeroes(0, 16384, true),
  FLUSH,
  write(20, 40, 14),
  discarded(48 * 1024, 16384),
  write(64 * 1024, 600, 15),
  write(49 * 1024, 6000, 16),
  FLUSH,
  compressed(6, 5),
  FLUSH,
  zeroes(41 * 1024, 2048, false),
  discarded(64 * 1024, 32768),
  write(16384, 16384, 17),
  FLUSH,
  write(65 * 1024, 1024, 18),
];
const DISK = 112 * 1024;

interface Made {
  readonly files: readonly MemoryStorage[];
  readonly cipher: ImageCipher | undefined;
  readonly hasBacking: boolean;
}

function make({ options, encryption }: Kind): Made {
  const files = options.dataFile === undefined ? [new MemoryStorage()] : [new MemoryStorage(), new MemoryStorage()];
  const [storage, data] = [files[0]!, files[1] ?? null];
  const secret = encryption === 'luks' ? { kind: encryption, luks: newVolume() } : { kind: 'aes' as const };
  createImage(storage, { size: DISK, ...options, ...(encryption !== undefined && { encryption: secret }) }, data);
  const head = readHead(storage, { writable: false });
  const cipher = encryption === undefined ? undefined : deriveNow(unlockImage(storage, head, PASSPHRASE));
  return { files, cipher, hasBacking: options.backingFile !== undefined };
}

function open({ cipher, hasBacking }: Made, files: readonly Storage[], writable: boolean): Image {
  return openImage(files[0]!, {
    writable,
    dataStorage: files[1] ?? null,
    backing: hasBacking ? BACKING : null,
    ...(cipher !== undefined && { cipher }),
  });
}

function contentOf(image: Image): Uint8Array {
  const disk = new Uint8Array(DISK);
  readAt(image, 0, disk);
  return disk;
}

/** Sectors that hold what none of the disks do. */
function foreignSectors(disk: Uint8Array, allowed: readonly Uint8Array[]): number[] {
  const foreign: number[] = [];
  for (let at = 0; at < DISK; at += SECTOR) {
    const isSame = (other: Uint8Array) =>
      Buffer.compare(disk.subarray(at, at + SECTOR), other.subarray(at, at + SECTOR)) === 0;
    if (!allowed.some(isSame)) foreign.push(at / SECTOR);
  }
  return foreign;
}

function mustBeSound(made: Made, files: readonly Storage[], allowed: readonly Uint8Array[], how: string): void {
  const disk = contentOf(open(made, files, false));
  expect(foreignSectors(disk, allowed), `${how}: sectors`).toEqual([]);
  const isDirty = (readHead(files[0]!, { writable: false }).header.incompatibleFeatures & DIRTY_BIT) !== 0n;
  const { counters, messages } = drain(checkImage(files[0]!));
  if (!isDirty) expect(counters.corruptions, `${how}: ${messages.join('; ')}`).toBe(0);
  const repaired = files.map((file) => new ScratchStorage(file));
  drain(repairImage(repaired[0]!, 'all'));
  const again = drain(checkImage(repaired[0]!));
  expect([again.counters.corruptions, again.counters.leaks], `${how}, repaired: ${again.messages.join('; ')}`).toEqual([
    0, 0,
  ]);
  expect(Buffer.compare(contentOf(open(made, repaired, false)), disk), `${how}, repaired`).toBe(0);
}

describe.each(KINDS)('a crash of an image with %s', (_, kind) => {
  it('at any moment loses nothing that was flushed', { timeout: 60_000 }, () => {
    const made = make(kind);
    const recorded = new RecordedFiles(made.files);
    const image = open(made, recorded.storages, true);
    const disks = [contentOf(image)];
    const flushedBefore: number[] = [];
    let flushed = 0;
    for (const [index, operation] of OPERATIONS.entries()) {
      recorded.operation = index;
      flushedBefore.push(flushed);
      operation.run(image);
      const disk = disks.at(-1)!.slice();
      operation.change(disk, image.geometry.clusterSize);
      disks.push(disk);
      if (operation === FLUSH) flushed = index + 1;
    }
    recorded.operation = OPERATIONS.length;
    flushedBefore.push(flushed);
    closeImage(image);

    let count = 0;
    for (const { files, operation } of recorded.crashes(new Random(SEED))) {
      const allowed = disks.slice(flushedBefore[operation], operation + 2);
      mustBeSound(made, files, allowed, `crash ${count} in operation ${operation}`);
      count++;
    }
    expect(count).toBeGreaterThan(30);
  });
});
