import { defineBits } from '../bytes/bits.ts';
import type { HostOffset } from './addresses.ts';
import type { Geometry } from './geometry.ts';
import { isCopied } from './l1-entry.ts';

/** Spec: "L2 table entry", standard cluster descriptor. */
export const L2_STANDARD_ENTRY = defineBits('L2 table entry', {
  zero: [0, 0],
  reservedLow: [1, 8],
  hostOffset: [9, 55],
  reservedHigh: [56, 61],
  compressed: [62, 62],
  copied: [63, 63],
});

export const COMPRESSED_HIGH = 0x40000000;

/**
 * What an L2 entry says of its cluster, in QEMU's terms:
 *
 * | kind | data | host cluster |
 * |---|---|---|
 * | unallocated | from the backing file, else zeros | none |
 * | zero-plain | zeros | none |
 * | zero-alloc | zeros | reserved |
 * | normal | in the host cluster (with extended L2: subcluster by subcluster) | yes |
 * | compressed | a compressed stream | parts of one or more |
 */
export type L2Kind = 'unallocated' | 'zero-plain' | 'zero-alloc' | 'normal' | 'compressed';

/**
 * Classifies an entry given as two halves; the order of the tests is QEMU's. With extended L2 an entry with an offset
 * is 'normal', one without 'unallocated', and the subcluster bitmap tells the rest. In an external data file offset 0 is a
 * place, told from none by the COPIED flag.
 */
export function l2KindOf(geometry: Geometry, high: number, low: number): L2Kind {
  if ((high & COMPRESSED_HIGH) !== 0) return 'compressed';
  const hasOffset = (high & 0x00ffffff) !== 0 || (low & 0xfffffe00) !== 0;
  if ((low & 1) !== 0 && !geometry.extendedL2) return hasOffset ? 'zero-alloc' : 'zero-plain';
  if (hasOffset) return 'normal';
  return geometry.hasDataFile && isCopied(high) ? 'normal' : 'unallocated';
}

/** Reserved bits 1–8 and 56–61 of a standard descriptor; `check` reports them, reading ignores them. */
export function l2HasReservedBits(high: number, low: number): boolean {
  return (high & 0x3f000000) !== 0 || (low & 0x1fe) !== 0;
}

/**
 * How many 8-byte entries from `at` on continue one another bit by bit, each `step` further than the one before, `countMax`
 * at most: the common case, told without taking entries apart. A run ends where the low half would overflow.
 */
export function likeEntriesFrom(view: DataView, at: number, countMax: number, step: number): number {
  const high = view.getInt32(at);
  const low = view.getInt32(at + 4);
  const end = at + countMax * 8;
  let next = at + 8;
  let nextLow = (low + step) | 0;
  for (; next + 24 < end; next += 32) {
    const highs =
      (view.getInt32(next) ^ high) |
      (view.getInt32(next + 8) ^ high) |
      (view.getInt32(next + 16) ^ high) |
      (view.getInt32(next + 24) ^ high);
    const lows =
      (view.getInt32(next + 4) ^ nextLow) |
      (view.getInt32(next + 12) ^ (nextLow + step)) |
      (view.getInt32(next + 20) ^ (nextLow + 2 * step)) |
      (view.getInt32(next + 28) ^ (nextLow + 3 * step));
    if ((highs | lows) !== 0) break;
    nextLow = (nextLow + 4 * step) | 0;
  }
  for (; next < end; next += 8) {
    if (view.getInt32(next + 4) !== nextLow || view.getInt32(next) !== high) break;
    nextLow = (nextLow + step) | 0;
  }
  const count = (next - at) >>> 3;
  const hasOverflowed = (low >>> 0) + (count - 1) * step >= 2 ** 32;
  return hasOverflowed ? Math.ceil((2 ** 32 - (low >>> 0)) / step) : count;
}

export interface CompressedExtent {
  /** Byte position of the stream; not aligned. */
  readonly hostOffset: HostOffset;
  /** Bytes up to the end of the last sector that the descriptor names; the stream's own length is not stored. */
  readonly lengthMax: number;
}

/** Spec: "Compressed Clusters Descriptor". */
export function compressedExtentOf(geometry: Geometry, high: number, low: number): CompressedExtent {
  const shiftInHigh = geometry.compressedSizeShift - 32;
  const hostOffset = (high & ((1 << shiftInHigh) - 1)) * 2 ** 32 + (low >>> 0);
  const sectors = ((high & 0x3fffffff) >>> shiftInHigh) + 1;
  return { hostOffset, lengthMax: sectors * 512 - (low & 511) };
}

/** The last place that a compressed descriptor can name: the larger the clusters, the fewer bits it has for it. */
export function compressedOffsetMax({ compressedSizeShift }: Geometry): HostOffset {
  return Math.min(2 ** compressedSizeShift - 1, Number.MAX_SAFE_INTEGER);
}

/** The two halves of a compressed descriptor for a stream of `length` bytes at `hostOffset`. */
export function encodeCompressed(
  geometry: Geometry,
  hostOffset: HostOffset,
  length: number,
): readonly [number, number] {
  const sectors = Math.floor((hostOffset + length - 1) / 512) - Math.floor(hostOffset / 512);
  const shiftInHigh = geometry.compressedSizeShift - 32;
  const high = COMPRESSED_HIGH | (sectors << shiftInHigh) | Math.floor(hostOffset / 2 ** 32);
  return [high >>> 0, hostOffset % 2 ** 32];
}

/** What a subcluster of an extended L2 entry says; `unallocated-alloc` has a host cluster but reads from the backing file. */
export type SubclusterKind =
  'unallocated-plain' | 'unallocated-alloc' | 'zero-plain' | 'zero-alloc' | 'normal' | 'invalid';

/** Spec: "Extended L2 Entries". `allocMask` is bits 0–31 of the bitmap, `zeroMask` bits 32–63. */
export function subclusterKindOf(
  geometry: Geometry,
  high: number,
  low: number,
  allocMask: number,
  zeroMask: number,
  index: number,
): SubclusterKind {
  const hasOffset = l2KindOf(geometry, high, low) === 'normal';
  const isAllocated = ((allocMask >>> index) & 1) !== 0;
  const isZero = ((zeroMask >>> index) & 1) !== 0;
  // A bitmap that contradicts itself anywhere is not to be trusted here either.
  if ((hasOffset ? allocMask & zeroMask : allocMask) !== 0) return 'invalid';
  if (isZero) return hasOffset ? 'zero-alloc' : 'zero-plain';
  if (isAllocated) return 'normal';
  return hasOffset ? 'unallocated-alloc' : 'unallocated-plain';
}
