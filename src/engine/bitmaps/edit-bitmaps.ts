import { alignUp, ceilDiv } from '../bytes/align.ts';
import { EngineError } from '../errors.ts';
import {
  BITMAP_DATA_SIZE_MAX,
  BITMAP_DIRECTORY_ENTRY,
  BITMAP_DIRECTORY_SIZE_MAX,
  BITMAP_GRANULARITY_BITS_MAX,
  BITMAP_GRANULARITY_BITS_MIN,
  BITMAP_NAME_SIZE_MAX,
  BITMAP_TABLE_ENTRIES_MAX,
  BITMAPS_MAX,
} from '../format/bitmap-directory.ts';
import { encodeName } from '../format/name.ts';
import type { Image } from '../image/image.ts';
import { BitmapBits } from './bitmap-bits.ts';
import type { PersistentBitmap } from './session-bitmaps.ts';
import { loadBitmaps } from './take-bitmaps.ts';

// Changes of the bitmaps themselves. They happen in memory, and the close stores them; a crash before leaves all bitmaps as
// they were. Texts are those that QEMU prints behind `Operation ... on bitmap ... failed:`.

export interface NewBitmap {
  readonly name: string;
  /** Bytes that one bit stands for; default: the cluster size, but at least 4 KiB and at most 64 KiB. */
  readonly granularity?: number;
  readonly isEnabled: boolean;
}

const DEFAULT_GRANULARITY_MIN = 4096;
const DEFAULT_GRANULARITY_MAX = 65536;

/**
 * Adds an empty bitmap.
 * @param nodeName what the message calls the image that cannot keep it
 * @throws EngineError invalid-argument, exists, unsupported (version 2), no-space
 */
export function addBitmap(
  image: Image,
  { name, granularity, isEnabled }: NewBitmap,
  nodeName: string,
): PersistentBitmap {
  judgeNewBitmap(name, granularity);
  const { clusterSize } = image.geometry;
  const bytes = granularity ?? Math.min(Math.max(clusterSize, DEFAULT_GRANULARITY_MIN), DEFAULT_GRANULARITY_MAX);
  const granularityBits = Math.log2(bytes);
  const { bitmaps, virtualSize } = image;
  if (bitmaps.find(name) !== null) throw new EngineError('exists', `Bitmap already exists: ${name}`);
  const problem = problemOf(image, name, granularityBits);
  if (problem !== null) throw refused(`Can't make bitmap '${name}' persistent in '${nodeName}': ${problem}`);
  prepare(image);
  const bits = new BitmapBits({ virtualSize, granularityBits, pageSize: clusterSize });
  const bitmap: PersistentBitmap = { name, granularityBits, isEnabled, isInconsistent: false, bits, stored: null };
  // Behind those of the directory the newest comes first, as QEMU stores them.
  const [old, added] = [bitmaps.list.filter(({ stored }) => stored), bitmaps.list.filter(({ stored }) => !stored)];
  bitmaps.list = [...old, bitmap, ...added];
  noteChange(image);
  return bitmap;
}

/** Judges what is wanted whatever image it is for. @throws EngineError invalid-argument */
export function judgeNewBitmap(name: string, granularity: number | undefined): void {
  if (name === '') throw refused('Bitmap name cannot be empty');
  if (granularity !== undefined && (granularity < 512 || !Number.isInteger(Math.log2(granularity)))) {
    throw refused('Granularity must be power of 2 and at least 512');
  }
}

/** Removes a bitmap, an inconsistent one too. @throws EngineError not-found */
export function removeBitmap(image: Image, name: string): void {
  const bitmap = mustFind(image, name);
  prepare(image);
  const { bitmaps } = image;
  bitmaps.list = bitmaps.list.filter((other) => other.name !== name);
  if (bitmap.stored !== null) bitmaps.removed = [...bitmaps.removed, bitmap.stored];
  noteChange(image);
}

/** Sets all bits to 0. @throws EngineError not-found, unsupported (inconsistent) */
export function clearBitmap(image: Image, name: string): void {
  const bitmap = mustFind(image, name);
  prepare(image);
  mustBeConsistent(bitmap).clear();
  noteChange(image);
}

/** Lets a bitmap record what is written from now on, or stop recording. @throws EngineError not-found, unsupported */
export function setBitmapEnabled(image: Image, name: string, isEnabled: boolean): void {
  const bitmap = mustFind(image, name);
  prepare(image);
  mustBeConsistent(bitmap);
  bitmap.isEnabled = isEnabled;
  noteChange(image);
}

/**
 * Adds to a bitmap what another one, of this image or of another, has recorded.
 * @throws EngineError not-found, unsupported (inconsistent), invalid-argument (disks of different sizes)
 */
export function mergeBitmap(
  image: Image,
  name: string,
  source: { readonly image: Image; readonly name: string },
): void {
  const bitmap = mustFind(image, name);
  const from = mustFind(source.image, source.name);
  prepare(image);
  prepare(source.image);
  const [bits, sourceBits] = [mustBeConsistent(bitmap), mustBeConsistent(from)];
  if (bits.virtualSize !== sourceBits.virtualSize) {
    throw refused(
      `Bitmaps are of different sizes (destination size is ${bits.virtualSize}, source size is ${sourceBits.virtualSize}) and can't be merged`,
    );
  }
  if (bits !== sourceBits) bits.merge(sourceBits);
  noteChange(image);
}

/** @throws EngineError not-found */
export function mustFind(image: Image, name: string): PersistentBitmap {
  const bitmap = image.bitmaps.find(name);
  if (bitmap === null) throw new EngineError('not-found', `Dirty bitmap '${name}' not found`);
  return bitmap;
}

/** The bits of a bitmap that were read before. @throws EngineError unsupported where nobody may believe them */
export function mustBeConsistent({ name, isInconsistent, bits }: PersistentBitmap): BitmapBits {
  if (!isInconsistent && bits !== null) return bits;
  throw new EngineError('unsupported', `Bitmap '${name}' is inconsistent and cannot be used`, {
    hint: 'Try block-dirty-bitmap-remove to delete this bitmap from disk',
  });
}

/** Why an image cannot keep a new bitmap, or null. */
function problemOf(image: Image, name: string, granularityBits: number): string | null {
  const { geometry, bitmaps, virtualSize } = image;
  if (geometry.version < 3) return 'Cannot store dirty bitmaps in qcow2 v2 files';
  // Its table would have no entries, and an image with such a table cannot be opened.
  if (virtualSize === 0) return 'The disk is empty: there is nothing to record';
  if (granularityBits > BITMAP_GRANULARITY_BITS_MAX) {
    return `Granularity exceeds maximum (${2 ** BITMAP_GRANULARITY_BITS_MAX} bytes)`;
  }
  if (granularityBits < BITMAP_GRANULARITY_BITS_MIN) {
    return `Granularity is under minimum (${2 ** BITMAP_GRANULARITY_BITS_MIN} bytes)`;
  }
  const sizeProblem = sizeProblemOf(image, virtualSize, granularityBits);
  if (sizeProblem !== null) return sizeProblem;
  const nameLength = encodeName(name).length;
  if (nameLength > BITMAP_NAME_SIZE_MAX) return `Name length exceeds maximum (${BITMAP_NAME_SIZE_MAX} characters)`;
  if (bitmaps.list.length >= BITMAPS_MAX) return 'Maximum number of persistent bitmaps is already reached';
  const names = [...bitmaps.list.map((bitmap) => encodeName(bitmap.name).length), nameLength];
  const directorySize = names.reduce((sum, length) => sum + alignUp(BITMAP_DIRECTORY_ENTRY.size + length, 8), 0);
  return directorySize > BITMAP_DIRECTORY_SIZE_MAX ? 'Not enough space in the bitmap directory' : null;
}

/** Why a disk of `virtualSize` bytes is too large for a bitmap, or null. */
export function sizeProblemOf({ geometry }: Image, virtualSize: number, granularityBits: number): string | null {
  const size = ceilDiv(ceilDiv(virtualSize, 2 ** granularityBits), 8);
  if (size <= BITMAP_DATA_SIZE_MAX && size <= BITMAP_TABLE_ENTRIES_MAX * geometry.clusterSize) return null;
  return 'Too much space will be occupied by the bitmap. Use larger granularity';
}

function prepare(image: Image): void {
  image.mustBeOpen();
  loadBitmaps(image);
}

function noteChange(image: Image): void {
  image.mustBeWritable();
  const { bitmaps } = image;
  bitmaps.isChanged = true;
  // While nothing was written yet, the first write will choose.
  if (bitmaps.isMarkedInUse) bitmaps.chooseRecording();
}

function refused(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}
