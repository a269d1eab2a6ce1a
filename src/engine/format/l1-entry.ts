import { defineBits } from '../bytes/bits.ts';
import { joinHalves } from '../bytes/big-endian.ts';
import type { HostOffset } from './addresses.ts';

/** Spec: "L1 table entry". */
export const L1_ENTRY = defineBits('L1 table entry', {
  reservedLow: [0, 8],
  l2Offset: [9, 55],
  reservedHigh: [56, 62],
  copied: [63, 63],
});

/** High half of the COPIED flag (bit 63), in L1 and L2 entries alike. */
export const COPIED_HIGH = 0x80000000;
/** High half of the bits 9–55 that hold a host offset. */
export const OFFSET_MASK_HIGH = 0x00ffffff;
/** Low half of the bits 9–55 that hold a host offset. */
export const OFFSET_MASK_LOW = 0xfffffe00;

/** The host offset in bits 9–55 of an L1 or standard L2 entry given as two halves. */
export function offsetOf(high: number, low: number): HostOffset {
  return joinHalves(high & OFFSET_MASK_HIGH, low & OFFSET_MASK_LOW);
}

export function isCopied(high: number): boolean {
  return (high & COPIED_HIGH) !== 0;
}

/** Reserved bits 0–8 and 56–62; `check` reports them, reading ignores them. */
export function l1HasReservedBits(high: number, low: number): boolean {
  return (high & 0x7f000000) !== 0 || (low & 0x1ff) !== 0;
}
