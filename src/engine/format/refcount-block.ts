import { getU64, setU64, viewOf } from '../bytes/big-endian.ts';
import { defineBits } from '../bytes/bits.ts';

/** Spec: "Refcount table". */
export const REFCOUNT_TABLE_ENTRY = defineBits('refcount table entry', {
  reserved: [0, 8],
  refcountBlockOffset: [9, 63],
});

/** Reads entry `index` of a refcount block (or a slice of one) with entries `refcountBits` wide. Spec: "Refcount block". */
export function getRefcount(block: Uint8Array, refcountBits: number, index: number): number {
  switch (refcountBits) {
    case 1:
    case 2:
    case 4: {
      const bit = index * refcountBits;
      return (block[bit >>> 3]! >>> (bit & 7)) & ((1 << refcountBits) - 1);
    }
    case 8:
      return block[index]!;
    case 16:
      return (block[index * 2]! << 8) | block[index * 2 + 1]!;
    case 32:
      return viewOf(block).getUint32(index * 4);
    default:
      return getU64(viewOf(block), index * 8);
  }
}

/** Writes entry `index`; `value` must not exceed {@link refcountMax}, except a bigint for 64 bits. */
export function setRefcount(block: Uint8Array, refcountBits: number, index: number, value: number | bigint): void {
  if (typeof value === 'bigint') return viewOf(block).setBigUint64(index * 8, value);
  switch (refcountBits) {
    case 1:
    case 2:
    case 4: {
      const bit = index * refcountBits;
      const mask = ((1 << refcountBits) - 1) << (bit & 7);
      block[bit >>> 3] = (block[bit >>> 3]! & ~mask) | (value << (bit & 7));
      return;
    }
    case 8:
      block[index] = value;
      return;
    case 16:
      block[index * 2] = value >>> 8;
      block[index * 2 + 1] = value;
      return;
    case 32:
      return viewOf(block).setUint32(index * 4, value);
    default:
      return setU64(viewOf(block), index * 8, value);
  }
}

const REFCOUNT_MAX_64 = 2n ** 64n - 1n;

/**
 * Entry `index` changed by `delta`, for {@link setRefcount}; null when that leaves what the width can count. 64 bits can
 * count further than numbers are exact.
 */
export function changedRefcount(
  block: Uint8Array,
  refcountBits: number,
  index: number,
  delta: number,
): number | bigint | null {
  const refcount = getRefcount(block, refcountBits, index) + delta;
  if (refcount >= 0 && refcount <= refcountMax(refcountBits)) return refcount;
  if (refcountBits < 64 || refcount < 0) return null;
  const exact = viewOf(block).getBigUint64(index * 8) + BigInt(delta);
  return exact > REFCOUNT_MAX_64 ? null : exact;
}

/** The largest refcount that fits; for 64 bits the largest exact number, which no real image reaches. */
export function refcountMax(refcountBits: number): number {
  return refcountBits === 64 ? Number.MAX_SAFE_INTEGER : 2 ** refcountBits - 1;
}
