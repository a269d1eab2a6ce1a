import { describe, expect, it } from 'vitest';
import {
  addBitmap,
  closeImage,
  createImage,
  isEngineError,
  MemoryStorage,
  openImage,
  readAt,
  readHead,
  resizeImage,
  writeAt,
} from '#engine';
import { loadBits } from '../../../src/engine/bitmaps/load-bits.ts';
import { BITMAP_IN_USE, bitmapEntryProblem } from '../../../src/engine/format/bitmap-directory.ts';
import { FailingAccess, unclosable, type Failure } from '../image/failing-access.ts';

const CLUSTER = 512;
/** What a cluster of bits covers; the sizes below differ in the number of such clusters. */
const PAGE_REACH = CLUSTER * 8 * CLUSTER;
const SIZE = 2 * PAGE_REACH;

function imageWithBitmap(): MemoryStorage {
  const storage = new MemoryStorage();
  createImage(storage, { size: SIZE, clusterSize: CLUSTER });
  const image = openImage(unclosable(storage), { writable: true });
  for (let at = 0; at < SIZE; at += SIZE / 8) writeAt(image, at, new Uint8Array(CLUSTER).fill(1));
  addBitmap(image, { name: 'b', granularity: CLUSTER, isEnabled: true }, 'image');
  closeImage(image);
  return storage;
}

/** What keeps the bitmap from being believed: nothing, or that it is in use. */
function mustFitTheDisk(storage: MemoryStorage): 'valid' | 'in use' {
  const { bitmaps, header, geometry } = readHead(storage, { writable: false });
  const { virtualSize } = header;
  const entry = bitmaps[0]!;
  expect(bitmapEntryProblem(entry, geometry.clusterSize, virtualSize)).toBeNull();
  if ((entry.flags & BITMAP_IN_USE) !== 0) return 'in use';
  const bits = loadBits(storage, entry, { virtualSize, clusterSize: geometry.clusterSize });
  const recorded = new Set([...bits.runs()].flatMap(({ first, end }) => range(first, end)));
  const bytes = new Uint8Array(virtualSize);
  readAt(openImage(unclosable(storage)), 0, bytes);
  for (let at = 0; at < SIZE && at < virtualSize; at += SIZE / 8) {
    if (bytes[at] !== 1) expect(recorded.has(at / CLUSTER), `the change at ${at} is recorded`).toBe(true);
  }
  return 'valid';
}

function range(first: number, end: number): number[] {
  return Array.from({ length: end - first }, (_, index) => first + index);
}

/** Only errors with a name may come out. */
function attempt(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isEngineError(error)) throw error;
  }
}

describe('a bitmap of a disk that changes its size', () => {
  it('stays as it is where the disk cannot become so large', () => {
    const storage = imageWithBitmap();
    const image = openImage(unclosable(storage), { writable: true });
    expect(() => resizeImage(image, 2 ** 60)).toThrow('Failed to grow the L1 table: File too large');
    closeImage(image);
    expect(mustFitTheDisk(storage)).toBe('valid');
    expect(openImage(storage).virtualSize).toBe(SIZE);
  });

  it('keeps the disk from becoming larger than an image may have a bitmap for', () => {
    const storage = new MemoryStorage();
    createImage(storage, { size: 2 ** 20, clusterSize: 4096 });
    const image = openImage(storage, { writable: true });
    addBitmap(image, { name: 'b', granularity: 512, isEnabled: true }, 'image');
    resizeImage(image, 2 ** 41);
    expect(() => resizeImage(image, 2 ** 42)).toThrow(
      "Bitmap 'b' doesn't satisfy the constraints: Too much space will be occupied by the bitmap.",
    );
    expect(image.virtualSize).toBe(2 ** 41);
  });

  const failures: readonly Omit<Failure, 'index'>[] = [
    { access: 'write', effect: 'none' },
    { access: 'write', effect: 'half' },
    { access: 'write', effect: 'done' },
    { access: 'read', effect: 'none' },
    { access: 'flush', effect: 'done' },
  ];

  it.each(
    failures.flatMap((failure) => [SIZE / 4, SIZE * 4].map((size) => ({ ...failure, size, sound: imageWithBitmap() }))),
  )('fits it whatever $access (done: $effect) fails on the way to $size bytes', ({ size, sound, ...failure }) => {
    for (let index = 0; ; index++) {
      const memory = MemoryStorage.from(sound.toBytes());
      const storage = new FailingAccess(memory, { ...failure, index });
      attempt(() => {
        const image = openImage(storage, { writable: true });
        attempt(() => resizeImage(image, size));
        closeImage(image);
      });
      mustFitTheDisk(memory);
      if (!storage.hasFailed) break;
    }
  });
});
