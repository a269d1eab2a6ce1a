import { alignUp } from '../bytes/align.ts';
import { defineBits } from '../bytes/bits.ts';
import { viewOf } from '../bytes/big-endian.ts';
import { defineStruct } from '../bytes/struct.ts';
import type { Storage } from '../storage/storage.ts';
import type { HostOffset } from './addresses.ts';
import { OFFSET_MASK_HIGH, OFFSET_MASK_LOW, offsetOf } from './l1-entry.ts';
import { decodeName, encodeName, upToNul } from './name.ts';

export const BITMAPS_MAX = 65535;
export const BITMAP_DIRECTORY_SIZE_MAX = 1024 * BITMAPS_MAX;
export const BITMAP_TABLE_ENTRIES_MAX = 0x8000000;
export const BITMAP_DATA_SIZE_MAX = 0x20000000;
export const BITMAP_NAME_SIZE_MAX = 1023;
export const BITMAP_GRANULARITY_BITS_MIN = 9;
export const BITMAP_GRANULARITY_BITS_MAX = 31;
export const BITMAP_IN_USE = 1;
export const BITMAP_AUTO = 2;
/** The only type that the specification defines: dirty tracking. */
export const BITMAP_TYPE_DIRTY = 1;

/** Spec: "Bitmap directory", the fixed part; extra data and the name follow, padded to 8. */
export const BITMAP_DIRECTORY_ENTRY = defineStruct('bitmap directory entry', {
  tableOffset: { at: 0, type: 'u64', meaning: 'where the bitmap table starts' },
  tableSize: { at: 8, type: 'u32', meaning: 'entries of the bitmap table' },
  flags: { at: 12, type: 'u32', meaning: 'bit 0 in use (not trustworthy), bit 1 auto (keeps recording)' },
  type: { at: 16, type: 'u8', meaning: '1: dirty tracking bitmap' },
  granularityBits: { at: 17, type: 'u8', meaning: 'bytes that one bit stands for, as a power of two' },
  nameLength: { at: 18, type: 'u16', meaning: 'bytes of the name' },
  extraDataSize: { at: 20, type: 'u32', meaning: 'bytes of extra data; must be 0' },
});

/** Spec: "Bitmap table". Without an offset, `allOnes` tells whether the bits are all 1 or all 0. */
export const BITMAP_TABLE_ENTRY = defineBits('bitmap table entry', {
  allOnes: [0, 0],
  reservedLow: [1, 8],
  dataOffset: [9, 55],
  reservedHigh: [56, 63],
});

export interface BitmapEntry {
  /** Where the entry stands within the directory, and its bytes without the padding. */
  readonly at: number;
  readonly length: number;
  readonly tableOffset: HostOffset;
  /** The same as it stands: a number does not hold the low bits of a huge offset. */
  readonly tableOffsetBits: bigint;
  /** Entries. */
  readonly tableSize: number;
  readonly flags: number;
  readonly type: number;
  readonly granularityBits: number;
  readonly nameLength: number;
  readonly extraDataSize: number;
  readonly name: string;
}

export interface BitmapDirectory {
  readonly entries: readonly BitmapEntry[];
  /** The bytes end inside an entry, or go on after one that is cut off. */
  readonly isBroken: boolean;
  /** The entry that is cut off has its fixed part, so that it counts. */
  readonly hasHalfEntry: boolean;
}

/** Reads the directory that the bitmaps extension points to; beyond the largest size allowed nothing is read. */
export function readBitmapDirectory(storage: Storage, offset: HostOffset, size: number): BitmapDirectory {
  const bytes = new Uint8Array(Math.min(size, BITMAP_DIRECTORY_SIZE_MAX));
  storage.read(offset, bytes);
  return decodeBitmapDirectory(bytes);
}

/** Decodes entry after entry until the bytes are used up. */
export function decodeBitmapDirectory(bytes: Uint8Array): BitmapDirectory {
  const entries: BitmapEntry[] = [];
  const view = viewOf(bytes);
  for (let at = 0; at < bytes.length;) {
    const fields = BITMAP_DIRECTORY_ENTRY.decode(bytes, at);
    const nameAt = at + BITMAP_DIRECTORY_ENTRY.size + fields.extraDataSize;
    const end = nameAt + fields.nameLength;
    if (alignUp(end, 8) > bytes.length) {
      return { entries, isBroken: true, hasHalfEntry: at + BITMAP_DIRECTORY_ENTRY.size <= bytes.length };
    }
    const tableOffsetBits = view.getBigUint64(at + BITMAP_DIRECTORY_ENTRY.fields.tableOffset.at);
    entries.push({
      at,
      length: end - at,
      ...fields,
      tableOffsetBits,
      name: decodeName(upToNul(bytes.subarray(nameAt, end))),
    });
    at = alignUp(end, 8);
  }
  return { entries, isBroken: false, hasHalfEntry: false };
}

/** Encodes a directory; extra data does not exist in entries that we write. */
export function encodeBitmapDirectory(
  entries: readonly Omit<BitmapEntry, 'at' | 'length' | 'tableOffsetBits' | 'nameLength' | 'extraDataSize'>[],
): Uint8Array {
  const names = entries.map((entry) => encodeName(entry.name));
  const sizes = names.map((name) => alignUp(BITMAP_DIRECTORY_ENTRY.size + name.length, 8));
  const bytes = new Uint8Array(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  entries.forEach((entry, index) => {
    const name = names[index]!;
    BITMAP_DIRECTORY_ENTRY.encode({ ...entry, nameLength: name.length, extraDataSize: 0 }, bytes, at);
    bytes.set(name, at + BITMAP_DIRECTORY_ENTRY.size);
    at += sizes[index]!;
  });
  return bytes;
}

/** Why an entry cannot be a bitmap of a disk of `virtualSize` bytes, or null if it can. */
export function bitmapEntryProblem(entry: BitmapEntry, clusterSize: number, virtualSize: number): string | null {
  const dataSize = entry.tableSize * clusterSize;
  if (entry.tableSize === 0) return 'its table has no entries';
  if (entry.tableSize > BITMAP_TABLE_ENTRIES_MAX || dataSize > BITMAP_DATA_SIZE_MAX) return 'its table is too large';
  if (entry.tableOffset === 0 || entry.tableOffsetBits % BigInt(clusterSize) !== 0n) {
    return 'its table offset is invalid';
  }
  if (entry.granularityBits < BITMAP_GRANULARITY_BITS_MIN || entry.granularityBits > BITMAP_GRANULARITY_BITS_MAX) {
    return 'its granularity is out of range';
  }
  if ((entry.flags & ~(BITMAP_IN_USE | BITMAP_AUTO)) !== 0) return 'it has unknown flags';
  // One without a name passes in QEMU too, although nobody can make one.
  if (entry.nameLength > BITMAP_NAME_SIZE_MAX) return 'its name is too long';
  if (entry.type !== BITMAP_TYPE_DIRTY) return 'its type is unknown';
  const isInUse = (entry.flags & BITMAP_IN_USE) !== 0;
  if (!isInUse && virtualSize > dataSize * 8 * 2 ** entry.granularityBits) return 'it is too small for the disk';
  return null;
}

/** What an entry of a bitmap table, given as two halves, says of its cluster of bits. */
export function bitmapDataOf(high: number, low: number): HostOffset | 'all-zeros' | 'all-ones' {
  const offset = offsetOf(high, low);
  if (offset !== 0) return offset;
  return (low & 1) === 0 ? 'all-zeros' : 'all-ones';
}

/** Reserved bits 1–8 and 56–63, and bit 0 where the entry has an offset. */
export function bitmapTableEntryHasReservedBits(high: number, low: number): boolean {
  const hasOffset = (high & OFFSET_MASK_HIGH) !== 0 || (low & OFFSET_MASK_LOW) !== 0;
  return (high & 0xff000000) !== 0 || (low & 0x1fe) !== 0 || (hasOffset && (low & 1) !== 0);
}

const TABLE_CHUNK_ENTRIES = 8192;

/** Reads a bitmap table in pieces: `halves` holds high and low words of the entries from `index` on, alternating. */
export function* readBitmapTable(
  storage: Storage,
  entry: BitmapEntry,
): Generator<{ readonly index: number; readonly halves: Uint32Array }, void, void> {
  const entries = Math.min(entry.tableSize, BITMAP_TABLE_ENTRIES_MAX);
  for (let index = 0; index < entries; index += TABLE_CHUNK_ENTRIES) {
    const bytes = new Uint8Array(Math.min(TABLE_CHUNK_ENTRIES, entries - index) * 8);
    storage.read(entry.tableOffset + index * 8, bytes);
    const view = viewOf(bytes);
    yield { index, halves: Uint32Array.from({ length: bytes.length / 4 }, (_, half) => view.getUint32(half * 4)) };
  }
}
