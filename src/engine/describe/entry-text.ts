import { joinHalves } from '../bytes/big-endian.ts';
import { bitmapDataOf } from '../format/bitmap-directory.ts';
import type { Geometry } from '../format/geometry.ts';
import { isCopied, l1HasReservedBits, offsetOf } from '../format/l1-entry.ts';
import { compressedExtentOf, l2HasReservedBits, l2KindOf, subclusterKindOf } from '../format/l2-entry.ts';
import { hex, plural } from './field-text.ts';

/** What one entry of a table says, in words. */
export interface EntryText {
  readonly value: string;
  readonly target: number | null;
  /** Says nothing; neighbours that say nothing are shown as one. */
  readonly isEmpty: boolean;
}

export function l1EntryText(high: number, low: number): EntryText {
  const offset = offsetOf(high, low);
  const notes = [
    offset === 0 ? 'no L2 table' : `L2 table at ${hex(offset)}`,
    ...(isCopied(high) ? ['copied'] : []),
    ...(l1HasReservedBits(high, low) ? ['reserved bits set'] : []),
  ];
  return { value: notes.join(', '), target: offset === 0 ? null : offset, isEmpty: high === 0 && low === 0 };
}

/** A standard or compressed entry; with extended L2, `alloc` and `zero` are the halves of the subcluster bitmap. */
export function l2EntryText(geometry: Geometry, high: number, low: number, alloc = 0, zero = 0): EntryText {
  const kind = l2KindOf(geometry, high, low);
  const isEmpty = high === 0 && low === 0 && alloc === 0 && zero === 0;
  if (kind === 'compressed') {
    const { hostOffset, lengthMax } = compressedExtentOf(geometry, high, low);
    const copied = isCopied(high) ? ', copied (must not be)' : '';
    return {
      value: `compressed, host ${hex(hostOffset)}, up to ${lengthMax} bytes${copied}`,
      target: hostOffset,
      isEmpty,
    };
  }
  const offset = offsetOf(high, low);
  const notes = [
    geometry.extendedL2 ? subclusterText(geometry, high, low, alloc, zero) : kind,
    ...(offset === 0 ? [] : [`host ${hex(offset)}`]),
    ...(isCopied(high) ? ['copied'] : []),
    ...(l2HasReservedBits(high, low) ? ['reserved bits set'] : []),
  ];
  return { value: notes.join(', '), target: offset === 0 ? null : offset, isEmpty };
}

/** Counts the 32 subclusters by what they are, such as `24 normal, 8 zero-alloc`. */
function subclusterText(geometry: Geometry, high: number, low: number, alloc: number, zero: number): string {
  const counts = new Map<string, number>();
  for (let index = 0; index < 32; index++) {
    const kind = subclusterKindOf(geometry, high, low, alloc, zero, index);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  if (counts.size === 1) return `all ${[...counts.keys()][0]}`;
  return [...counts].map(([kind, count]) => `${count} ${kind}`).join(' + ');
}

export function refcountTableEntryText(high: number, low: number): EntryText {
  const offset = joinHalves(high, low & 0xfffffe00);
  const reserved = (low & 0x1ff) === 0 ? '' : ', reserved bits set';
  return {
    value: (offset === 0 ? 'no refcount block' : `refcount block at ${hex(offset)}`) + reserved,
    target: offset === 0 ? null : offset,
    isEmpty: high === 0 && low === 0,
  };
}

export function bitmapTableEntryText(high: number, low: number): EntryText {
  const data = bitmapDataOf(high, low);
  if (data === 'all-zeros') return { value: 'all bits 0', target: null, isEmpty: high === 0 && low === 0 };
  if (data === 'all-ones') return { value: 'all bits 1', target: null, isEmpty: false };
  return { value: `bits at ${hex(data)}`, target: data, isEmpty: false };
}

/** `[5]` or `[5–9]`. */
export function indexText(first: number, count: number): string {
  return count === 1 ? `[${first}]` : `[${first}–${first + count - 1}]`;
}

/** `guest 0x0–0xffff`. */
export function guestRangeText(offset: number, length: number): string {
  return `guest ${hex(offset)}–${hex(offset + length - 1)}`;
}

export function refcountText(refcount: number): string {
  return refcount === 0 ? 'free' : plural(refcount, 'reference');
}
