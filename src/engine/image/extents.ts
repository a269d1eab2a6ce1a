import type { GuestOffset, HostOffset } from '../format/addresses.ts';
import { l1IndexOf, type Geometry } from '../format/geometry.ts';
import { hex } from '../format/hex.ts';
import {
  compressedExtentOf,
  l2KindOf,
  likeEntriesFrom,
  subclusterKindOf,
  type L2Kind,
  type SubclusterKind,
} from '../format/l2-entry.ts';
import { dataFileOffsetOf } from './data-clusters.ts';
import type { Image } from './image.ts';
import {
  allocMaskOf,
  findL2Entry,
  highOf,
  hostOffsetOf,
  judgeHostOffset,
  l2EntryAt,
  l2OffsetOf,
  lowOf,
  refuseEntry,
  zeroMaskOf,
  type L2Entry,
} from './l2-access.ts';
import { markCorrupt } from './mark-corrupt.ts';

/** A run of the virtual disk with one answer to "where are these bytes?". `length` is in guest bytes. */
export type Extent =
  | { readonly kind: 'data'; readonly length: number; readonly hostOffset: HostOffset }
  /** Reads as zeros; `hostOffset` where clusters are reserved for it. */
  | { readonly kind: 'zero'; readonly length: number; readonly hostOffset: HostOffset | null }
  /** Reads from the backing file, or zeros; `hostOffset` where clusters are reserved (extended L2). */
  | { readonly kind: 'unallocated'; readonly length: number; readonly hostOffset: HostOffset | null }
  | CompressedExtent;

/** Within one cluster: bytes `skip` to `skip + length` of the decompressed stream. */
export interface CompressedExtent {
  readonly kind: 'compressed';
  readonly length: number;
  readonly hostOffset: HostOffset;
  readonly lengthMax: number;
  readonly skip: number;
}

/**
 * The extent that starts at `at`, at most `lengthMax` bytes long and within one L2 table. Contiguous host clusters make
 * one extent.
 * @throws EngineError corrupt for entries that the format forbids
 */
export function extentAt(image: Image, at: GuestOffset, lengthMax: number): Extent {
  const { geometry } = image;
  const tableEnd = (l1IndexOf(geometry, at) + 1) * geometry.l2Coverage;
  const length = Math.min(lengthMax, tableEnd - at);
  const entry = findL2Entry(image, at);
  if (entry === null) return { kind: 'unallocated', length, hostOffset: null };
  if (l2KindOf(geometry, highOf(entry), lowOf(entry)) === 'compressed') return compressedAt(image, entry, at, length);
  return geometry.extendedL2 ? subclusterRunAt(image, entry, at, length) : clusterRunAt(image, entry, at, length);
}

function compressedAt(image: Image, entry: L2Entry, at: GuestOffset, lengthMax: number): Extent {
  const { geometry } = image;
  const skip = at % geometry.clusterSize;
  const length = Math.min(lengthMax, geometry.clusterSize - skip);
  return { kind: 'compressed', length, skip, ...compressedExtentOf(geometry, highOf(entry), lowOf(entry)) };
}

function clusterRunAt(image: Image, first: L2Entry, at: GuestOffset, lengthMax: number): Extent {
  const { clusterSize } = image.geometry;
  const kind = standardKindOf(image, first);
  const host = kind === 'normal' || kind === 'zero-alloc' ? readableHostOffset(image, first, at) : null;
  const skip = at % clusterSize;
  const l2Offset = l2OffsetOf(image, l1IndexOf(image.geometry, at));
  const countMax = Math.ceil((skip + lengthMax) / clusterSize);
  let count = 1;
  while (count < countMax) {
    const next = l2EntryAt(image, l2Offset, first.index + count);
    if (l2KindOf(image.geometry, highOf(next), lowOf(next)) !== kind) break;
    if (host !== null && hostOffsetOf(next) !== host + count * clusterSize) break;
    const { view } = next.slice;
    const inSlice = Math.min(countMax - count, (view.byteLength - next.at) / 8);
    count += likeEntriesFrom(view, next.at, inSlice, host === null ? 0 : clusterSize);
  }
  return extentOf(kind, Math.min(lengthMax, count * clusterSize - skip), host === null ? null : host + skip);
}

function extentOf(kind: L2Kind, length: number, hostOffset: HostOffset | null): Extent {
  if (kind === 'normal') return { kind: 'data', length, hostOffset: hostOffset! };
  return { kind: kind === 'unallocated' ? 'unallocated' : 'zero', length, hostOffset };
}

function standardKindOf(image: Image, entry: L2Entry): L2Kind {
  const kind = l2KindOf(image.geometry, highOf(entry), lowOf(entry));
  if (image.geometry.version === 2 && (kind === 'zero-plain' || kind === 'zero-alloc')) {
    refuseEntry(image, entry, 'Zero cluster entry found in pre-v3 image');
  }
  return kind;
}

function subclusterRunAt(image: Image, first: L2Entry, at: GuestOffset, lengthMax: number): Extent {
  const { geometry } = image;
  const { clusterSize, subclusterSize } = geometry;
  const l2Offset = l2OffsetOf(image, l1IndexOf(geometry, at));
  const skip = at % clusterSize;
  const kind = readKindOf(subclusterKind(image, first, Math.floor(skip / subclusterSize)));
  const firstHost = hostOffsetOf(first);
  const hasCluster = l2KindOf(geometry, highOf(first), lowOf(first)) === 'normal';
  const host = hasCluster ? readableHostOffset(image, first, at) + skip : null;
  let length = Math.min(lengthMax, subclusterSize - (at % subclusterSize));
  let entry = first;
  while (length < lengthMax) {
    const position = skip + length;
    const index = first.index + Math.floor(position / clusterSize);
    if (index !== entry.index) {
      entry = l2EntryAt(image, l2Offset, index);
      const entryKind = l2KindOf(geometry, highOf(entry), lowOf(entry));
      if (entryKind === 'compressed') break;
      // Judged even where the run ends here, as QEMU does.
      subclusterKind(image, entry, 0);
      if (entryKind !== (hasCluster ? 'normal' : 'unallocated')) break;
      if (hasCluster && hostOffsetOf(entry) !== firstHost + (index - first.index) * clusterSize) break;
    }
    if (readKindOf(subclusterKind(image, entry, Math.floor((position % clusterSize) / subclusterSize))) !== kind) break;
    length = Math.min(lengthMax, length + subclusterSize);
  }
  return kind === 'data' ? { kind, length, hostOffset: host! } : { kind, length, hostOffset: host };
}

function subclusterKind(image: Image, entry: L2Entry, index: number): SubclusterKind {
  const kind = rawSubclusterKind(image, entry, index);
  if (kind === 'invalid') refuseEntry(image, entry, 'Invalid cluster entry found ');
  return kind;
}

function rawSubclusterKind(image: Image, entry: L2Entry, index: number): SubclusterKind {
  const [high, low] = [highOf(entry), lowOf(entry)];
  return subclusterKindOf(image.geometry, high, low, allocMaskOf(entry), zeroMaskOf(entry), index);
}

/**
 * For an extended entry whose cluster is about to be written.
 * @throws EngineError corrupt when its bitmaps contradict each other
 */
export function judgeSubclusters(image: Image, entry: L2Entry): void {
  if (l2KindOf(image.geometry, highOf(entry), lowOf(entry)) === 'compressed') return;
  if (rawSubclusterKind(image, entry, 0) === 'invalid') refuseEntry(image, entry, 'Invalid cluster entry found');
}

function readKindOf(kind: SubclusterKind): 'data' | 'zero' | 'unallocated' {
  if (kind === 'normal') return 'data';
  return kind === 'zero-plain' || kind === 'zero-alloc' ? 'zero' : 'unallocated';
}

/** @throws EngineError corrupt when the entry points between clusters */
function readableHostOffset(image: Image, entry: L2Entry, at: GuestOffset): HostOffset {
  const hostOffset = hostOffsetOf(entry);
  judgeDataFileOffset(image, entry, at);
  judgeHostOffset(image, entry, hostOffset);
  return hostOffset;
}

/**
 * For a cluster that is about to be written.
 * @throws EngineError corrupt when the entry points between clusters
 */
export function alignedHostOffset(image: Image, entry: L2Entry, at: GuestOffset): HostOffset {
  const hostOffset = hostOffsetOf(entry);
  judgeDataFileOffset(image, entry, at);
  if (hostOffset % image.geometry.clusterSize === 0) return hostOffset;
  const isZero = l2KindOf(image.geometry, highOf(entry), lowOf(entry)) === 'zero-alloc';
  const what = isZero ? 'Preallocated zero cluster' : 'Data cluster';
  markCorrupt(image, `${what} offset ${hex(hostOffset)} unaligned (guest offset: ${hex(at)})`);
}

/** Data in an external file stands at its guest offset. */
function judgeDataFileOffset(image: Image, entry: L2Entry, at: GuestOffset): void {
  if (!image.geometry.hasDataFile) return;
  const guest = clusterStart(image.geometry, at);
  const hostOffset = hostOffsetOf(entry);
  if (hostOffset === dataFileOffsetOf(guest)) return;
  markCorrupt(
    image,
    `External data file host cluster offset ${hex(hostOffset)} does not match guest cluster offset: ${hex(guest)}, L2 index: ${hex(entry.index)})`,
  );
}

export function clusterStart(geometry: Geometry, at: GuestOffset): GuestOffset {
  return at - (at % geometry.clusterSize);
}
