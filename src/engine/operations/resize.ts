import { alignUp, ceilDiv } from '../bytes/align.ts';
import { judgeBitmapsFor, judgeBitmapSpaceFor, resizeBitmaps } from '../bitmaps/resize-bitmaps.ts';
import { takeBitmaps } from '../bitmaps/take-bitmaps.ts';
import { setU64, viewOf } from '../bytes/big-endian.ts';
import { EngineError, StepFailure } from '../errors.ts';
import { l1EntriesFor } from '../format/geometry.ts';
import { HEADER } from '../format/header.ts';
import { discardFully } from '../image/discard.ts';
import { writeTablesDurably } from '../image/flush.ts';
import { L1_TABLE_SIZE_MAX } from '../image/head-validation.ts';
import { switchPointer } from '../image/header-pointer.ts';
import type { Image } from '../image/image.ts';
import { l2OffsetOf } from '../image/l2-access.ts';
import { growFile, type Preallocation } from '../image/reserve-space.ts';
import { dropUnusedRefcountBlocks } from '../image/unused-refcount-blocks.ts';
import { writeZeroes } from '../image/write-zeroes.ts';
import { growL1Table } from './grow-l1.ts';
import { preallocateGrowth } from './preallocate-growth.ts';

/**
 * Changes the size of the virtual disk. Growing maps nothing new; where a longer backing file would show through, the new
 * space is made to read as zeros. Shrinking frees what lies beyond, and shortens the file.
 * @param size bytes, a multiple of 512
 * @param preallocation whether the new space gets host clusters at once
 * @throws EngineError invalid-argument, unsupported (version 2 with snapshots, a bitmap in the way), no-space;
 *   StepFailure where the refcount structures contradict themselves: the disk keeps its size then; or where its header
 *   cannot be written
 */
export function resizeImage(image: Image, size: number, preallocation: Preallocation = 'off'): void {
  image.mustBeWritable();
  if (size % 512 !== 0) throw new EngineError('invalid-argument', 'The new size must be a multiple of 512');
  if (image.geometry.version === 2 && image.snapshots.length > 0) {
    throw new EngineError('unsupported', "Can't resize a v2 image which has snapshots");
  }
  if (size < image.virtualSize && preallocation !== 'off') {
    throw new EngineError('invalid-argument', "Preallocation can't be used for shrinking an image");
  }
  judgeBitmapsFor(image, size);
  if (size < image.virtualSize) shrink(image, size);
  else if (size > image.virtualSize) grow(image, size, preallocation);
}

function grow(image: Image, size: number, preallocation: Preallocation): void {
  const oldSize = image.virtualSize;
  const entryCount = l1EntriesFor(image.geometry, size);
  if (entryCount * 8 > L1_TABLE_SIZE_MAX) {
    throw new EngineError('no-space', 'Failed to grow the L1 table: File too large');
  }
  judgeBitmapSpaceFor(image, size);
  takeBitmaps(image);
  StepFailure.during('Failed to grow the L1 table', () => growL1Table(image, entryCount));
  reachTo(image, size);
  try {
    fillGrowth(image, oldSize, preallocation);
    writeSize(image, { before: oldSize, after: size });
  } catch (error) {
    reachTo(image, oldSize);
    throw error;
  }
}

/** The size of the disk in memory. Bitmaps of another size than the disk's would keep the image from being opened. */
function reachTo(image: Image, size: number): void {
  image.header.virtualSize = size;
  resizeBitmaps(image);
}

/** What the new space needs, durably, before the disk reaches over it: clusters if wanted, zeros where needed. */
function fillGrowth(image: Image, oldSize: number, preallocation: Preallocation): void {
  const { dataFile, geometry, virtualSize, backing, cipher } = image;
  if (geometry.hasDataFile) {
    // Bytes that somebody left behind the end of the disk are none of its.
    if (dataFile.size > oldSize) dataFile.truncate(oldSize, 'truncate');
    growFile(dataFile, virtualSize, preallocation);
  }
  // Zeros in the file are no zeros to the guest where they are decrypted.
  const readsOther =
    (backing !== null && backing.virtualSize > oldSize) || (cipher !== null && preallocation !== 'off');
  if (preallocation !== 'off') preallocateGrowth(image, oldSize, virtualSize, preallocation);
  // A crash must not let the backing file show through.
  if (readsOther) writeZeroes(image, oldSize, virtualSize - oldSize);
  if (readsOther || preallocation !== 'off') writeTablesDurably(image);
  else if (geometry.hasDataFile) dataFile.flush('flush-ordering');
}

function shrink(image: Image, size: number): void {
  takeBitmaps(image);
  try {
    giveUpBeyond(image, size);
  } catch (error) {
    // The disk keeps its size, and what went of it has changed.
    for (const bits of image.bitmaps.recording) bits.set(size, image.virtualSize - size);
    throw error;
  }
  reachTo(image, size);
  truncateAfterLastCluster(image);
  if (image.geometry.hasDataFile) image.dataFile.truncate(size, 'truncate');
}

function giveUpBeyond(image: Image, size: number): void {
  const { clusterSize } = image.geometry;
  const keptEnd = alignUp(size, clusterSize);
  discardFully(image, keptEnd, alignUp(image.virtualSize, clusterSize) - keptEnd);
  writeTablesDurably(image);
  freeTablesBeyond(image, l1EntriesFor(image.geometry, size));
  writeTablesDurably(image);
  try {
    dropUnusedRefcountBlocks(image.allocator);
  } catch (cause) {
    throw StepFailure.of('Failed to discard unused refblocks', cause);
  }
  // Only now: what contradicts itself keeps its size. A crash before leaves the old size with nothing beyond the new one.
  writeSize(image, { before: image.virtualSize, after: size });
}

/** L1 entries past the kept ones lose their L2 tables, which are empty by now. The table keeps its length. */
export function freeTablesBeyond(image: Image, entryCount: number): void {
  const freed: number[] = [];
  image.file.event('l1_shrink_write_table');
  for (let index = entryCount; index < image.l1.entryCount; index++) {
    const l2Offset = l2OffsetOf(image, index);
    if (l2Offset === 0) continue;
    freed.push(l2Offset);
    image.l1.unlink(image.file, index);
  }
  if (freed.length === 0) return;
  image.file.flush('flush-ordering');
  image.file.event('l1_shrink_free_l2_clusters');
  for (const l2Offset of freed) image.allocator.free(l2Offset, 1, { punchHole: true });
}

/**
 * Shortens the file to its last used cluster, durably: clusters past its end count as zeros from then on, and an L2 entry
 * to one of them must not reach the disk where the old bytes could come back.
 */
export function truncateAfterLastCluster(image: Image): void {
  const { clusterSize } = image.geometry;
  let end = Math.min(ceilDiv(image.file.size, clusterSize), image.refcounts.countedEnd);
  while (end > 0 && image.refcounts.get(end - 1) === 0) end--;
  if (end * clusterSize >= image.file.size) return;
  image.file.truncate(end * clusterSize, 'truncate');
  image.file.flush('flush-ordering');
}

/** Eight aligned bytes within one sector, durable. */
function writeSize({ file }: Image, { before, after }: { readonly before: number; readonly after: number }): void {
  const { at } = HEADER.fields.virtualSize;
  StepFailure.during('Failed to update the image size', () => {
    switchPointer(file, { at, before: encodeSize(before), after: encodeSize(after), why: 'header-other' });
  });
}

function encodeSize(size: number): Uint8Array {
  const bytes = new Uint8Array(8);
  setU64(viewOf(bytes), 0, size);
  return bytes;
}
