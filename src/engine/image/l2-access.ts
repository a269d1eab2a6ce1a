import type { GuestOffset, HostOffset } from '../format/addresses.ts';
import { l1IndexOf, l2IndexOf } from '../format/geometry.ts';
import { hex } from '../format/hex.ts';
import { offsetOf } from '../format/l1-entry.ts';
import type { Image } from './image.ts';
import { markCorrupt } from './mark-corrupt.ts';
import type { Slice } from './table-cache.ts';

/** An L2 entry in its cached slice. */
export interface L2Entry {
  readonly slice: Slice;
  /** Byte offset of the entry within the slice. */
  readonly at: number;
  /** Index of the entry within its L2 table. */
  readonly index: number;
}

/** The L2 entry that maps a guest offset, or null where the L1 entry names no L2 table. */
export function findL2Entry(image: Image, guestOffset: GuestOffset): L2Entry | null {
  const l1Index = l1IndexOf(image.geometry, guestOffset);
  image.l2Announcer?.reach(l1Index);
  const l2Offset = l2OffsetOf(image, l1Index);
  return l2Offset === 0 ? null : l2EntryAt(image, l2Offset, l2IndexOf(image.geometry, guestOffset));
}

/**
 * Host offset of the L2 table that an L1 entry names; 0 where there is none, beyond the end of the L1 table too.
 * @throws EngineError corrupt when the L1 entry points between clusters
 */
export function l2OffsetOf(image: Image, l1Index: number): HostOffset {
  if (l1Index >= image.l1.entryCount) return 0;
  const l2Offset = image.l1.l2OffsetAt(l1Index);
  judgeL2Offset(image, l2Offset, l1Index);
  return l2Offset;
}

/** @throws EngineError corrupt for a table between two clusters; the image is marked corrupt then */
export function judgeL2Offset(image: Image, l2Offset: HostOffset, l1Index: number): void {
  if (l2Offset % image.geometry.clusterSize === 0) return;
  markCorrupt(image, `L2 table offset ${hex(l2Offset)} unaligned (L1 index: ${hex(l1Index)})`);
}

export function l2EntryAt(image: Image, l2Offset: HostOffset, index: number): L2Entry {
  const { sliceSize } = image.l2Tables;
  const position = index * image.geometry.l2EntrySize;
  const at = position % sliceSize;
  return { slice: image.l2Tables.get(l2Offset + position - at), at, index };
}

export function highOf({ slice, at }: L2Entry): number {
  return slice.view.getUint32(at);
}

export function lowOf({ slice, at }: L2Entry): number {
  return slice.view.getUint32(at + 4);
}

/** Bits 0–31 of an extended entry's bitmap: subcluster i is allocated. */
export function allocMaskOf({ slice, at }: L2Entry): number {
  return slice.view.getUint32(at + 12);
}

/** Bits 32–63 of an extended entry's bitmap: subcluster i reads as zeros. */
export function zeroMaskOf({ slice, at }: L2Entry): number {
  return slice.view.getUint32(at + 8);
}

export function hostOffsetOf(entry: L2Entry): HostOffset {
  return offsetOf(highOf(entry), lowOf(entry));
}

/** Changes an entry in the cache; one that says so already needs no write. The caller has set the dependencies that make the change safe on disk. */
export function setL2Entry(image: Image, { slice, at }: L2Entry, high: number, low: number): void {
  if (slice.view.getUint32(at) === high >>> 0 && slice.view.getUint32(at + 4) === low >>> 0) return;
  slice.view.setUint32(at, high >>> 0);
  slice.view.setUint32(at + 4, low >>> 0);
  image.l2Tables.markDirty(slice);
}

export function setSubclusters(image: Image, { slice, at }: L2Entry, allocMask: number, zeroMask: number): void {
  if (slice.view.getUint32(at + 8) === zeroMask >>> 0 && slice.view.getUint32(at + 12) === allocMask >>> 0) return;
  slice.view.setUint32(at + 8, zeroMask >>> 0);
  slice.view.setUint32(at + 12, allocMask >>> 0);
  image.l2Tables.markDirty(slice);
}

/**
 * @param hostOffset where the entry says that its cluster begins
 * @throws EngineError corrupt for a cluster between two others; the image is marked corrupt then
 */
export function judgeHostOffset(image: Image, entry: L2Entry, hostOffset: HostOffset): void {
  if (hostOffset % image.geometry.clusterSize === 0) return;
  refuseEntry(image, entry, `Cluster allocation offset ${hex(hostOffset)} unaligned`);
}

/** @throws EngineError corrupt for what the entry must not say in this image */
export function refuseEntry(image: Image, entry: L2Entry, what: string): never {
  const tableOffset = entry.slice.hostOffset + entry.at - entry.index * image.geometry.l2EntrySize;
  markCorrupt(image, `${what} (L2 offset: ${hex(tableOffset)}, L2 index: ${hex(entry.index)})`);
}
