import type { GuestOffset, HostOffset } from '../format/addresses.ts';
import { l2KindOf } from '../format/l2-entry.ts';
import { extentAt } from './extents.ts';
import { writeGuestData } from './guest-data.ts';
import type { Image } from './image.ts';
import { allocMaskOf, findL2Entry, highOf, lowOf } from './l2-access.ts';
import { readAt } from './read.ts';
import { highestBit, lowestBit } from './subclusters.ts';
import type { Purpose } from '../storage/storage.ts';

/** Above this, head, data and tail are written separately rather than copied into one buffer. */
const MERGED_WRITE_MAX = 2 * 1024 * 1024;

export interface RunWrite {
  readonly at: GuestOffset;
  readonly bytes: Uint8Array;
  /** Host offset of the cluster that `at` lies in; the run's clusters are contiguous. */
  readonly hostOffset: HostOffset;
  /** The clusters were allocated for this write; otherwise they were reserved before. */
  readonly isNew: boolean;
}

export interface WrittenRun {
  /** Guest range whose content is in the run now: the request, and what was copied around it. */
  readonly from: GuestOffset;
  readonly to: GuestOffset;
  /** The data must be durable before the L2 entries name it. */
  readonly mustPrecedeLink: boolean;
}

/**
 * Writes a request into the clusters of a run that are not linked yet, with what the guest reads around it today (copy
 * on write), so that the clusters can be linked as they are.
 */
export function writeRun(image: Image, { at, bytes, hostOffset, isNew }: RunWrite): WrittenRun {
  const { from, to } = copiedRange(image, at, bytes.length, isNew);
  const end = at + bytes.length;
  const toHost = hostOffset - (at - (at % image.geometry.clusterSize));
  // Beyond the end of the file everything reads as zeros (unless it is decrypted), and holds nothing of anybody else.
  const isFresh = isNew && hostOffset >= image.dataFile.size && image.cipher === null;
  const write = (guest: GuestOffset, content: Uint8Array, why: Purpose) =>
    writeGuestData(image, { guest, host: guest + toHost }, content, why);
  const writeAround = (guest: GuestOffset, { bytes: content, isCopy }: Surroundings) => {
    if (content === null) return;
    image.file.event('cow_write');
    write(guest, content, isCopy ? 'cow-copy' : 'zero-fill');
  };
  const head = contentOf(image, from, at, isFresh);
  const tail = contentOf(image, end, to, isFresh);
  const hasCopies = head.isCopy || tail.isCopy;

  const headLength = head.bytes?.length ?? 0;
  const total = headLength + bytes.length + (tail.bytes?.length ?? 0);
  if (total === bytes.length) {
    if (to - from > bytes.length) image.file.event('cluster_alloc_space');
    image.file.event('write_aio');
    write(at, bytes, 'guest-data');
  } else if (total <= MERGED_WRITE_MAX) {
    const merged = new Uint8Array(total);
    if (head.bytes !== null) merged.set(head.bytes);
    merged.set(bytes, headLength);
    if (tail.bytes !== null) merged.set(tail.bytes, headLength + bytes.length);
    image.file.event('write_aio');
    image.file.event('cow_write');
    write(at - headLength, merged, hasCopies ? 'cow-copy' : 'guest-data');
  } else {
    writeAround(from, head);
    image.file.event('write_aio');
    write(at, bytes, 'guest-data');
    writeAround(end, tail);
  }
  // A crash must not leave the entry without its bytes where the guest would lose something by it: bytes copied or
  // replaced here may be acknowledged data, and a reused cluster holds foreign data. Fresh space reads as zeros; where
  // the guest read zeros before, it still does.
  return { from, to, mustPrecedeLink: hasCopies || !isFresh || !readsZero(image, at, end) };
}

/** What goes into the run around the request; `bytes` null where nothing needs to be written. */
interface Surroundings {
  readonly bytes: Uint8Array | null;
  /** They may hold data, read from where the guest reads it today. */
  readonly isCopy: boolean;
}

function contentOf(image: Image, from: GuestOffset, to: GuestOffset, isFresh: boolean): Surroundings {
  if (to <= from) return { bytes: null, isCopy: false };
  const isCopy = !readsZero(image, from, to);
  if (!isCopy && isFresh) return { bytes: null, isCopy };
  const bytes = new Uint8Array(to - from);
  const readable = Math.max(0, Math.min(to, image.virtualSize) - from);
  if (isCopy) {
    image.file.event('cow_read');
    readAt(image, from, bytes.subarray(0, readable));
  }
  return { bytes, isCopy };
}

/** Whether a guest range is known to read as zeros, without reading data. Past the end of the disk it is. */
export function readsZero(image: Image, from: GuestOffset, to: GuestOffset): boolean {
  const end = Math.min(to, image.virtualSize);
  for (let at = from; at < end;) {
    const extent = extentAt(image, at, end - at);
    if (extent.kind === 'data' || extent.kind === 'compressed') return false;
    if (extent.kind === 'unallocated' && !backingReadsZero(image, at, extent.length)) return false;
    at += extent.length;
  }
  return true;
}

function backingReadsZero({ backing }: Image, at: GuestOffset, length: number): boolean {
  if (backing === null || at >= backing.virtualSize) return true;
  const available = Math.min(length, backing.virtualSize - at);
  return backing.zeroRunAt(at, available) >= available;
}

/**
 * The guest range that the clusters must hold once linked. Whole clusters with standard L2 entries. With extended ones
 * whole subclusters, and of a cluster that is replaced all subclusters with data.
 */
function copiedRange(
  image: Image,
  at: GuestOffset,
  length: number,
  isNew: boolean,
): { from: GuestOffset; to: GuestOffset } {
  const { clusterSize, subclusterSize, extendedL2 } = image.geometry;
  const end = at + length;
  const firstCluster = at - (at % clusterSize);
  const lastCluster = end - 1 - ((end - 1) % clusterSize);
  if (!extendedL2) {
    // A cluster of the run that holds data already is overwritten in place.
    const isKept = (cluster: GuestOffset) => !isNew && dataMaskAt(image, cluster) !== 0;
    return {
      from: isKept(firstCluster) ? at : firstCluster,
      to: isKept(lastCluster) ? end : lastCluster + clusterSize,
    };
  }

  let from = at - (at % subclusterSize);
  let to = end - 1 - ((end - 1) % subclusterSize) + subclusterSize;
  const first = dataMaskAt(image, firstCluster);
  const last = dataMaskAt(image, lastCluster);
  if (isNew) {
    if (first !== 0) from = Math.min(from, firstCluster + lowestBit(first) * subclusterSize);
    if (last !== 0) to = Math.max(to, lastCluster + (highestBit(last) + 1) * subclusterSize);
  } else {
    // Subclusters that hold data already are overwritten in place.
    if (isSet(first, (from - firstCluster) / subclusterSize)) from = at;
    if (isSet(last, (to - lastCluster) / subclusterSize - 1)) to = end;
  }
  return { from, to };
}

/** The subclusters of a guest cluster that hold data in the image itself, as bits 0–31. */
function dataMaskAt(image: Image, clusterStart: GuestOffset): number {
  const entry = findL2Entry(image, clusterStart);
  if (entry === null) return 0;
  const kind = l2KindOf(image.geometry, highOf(entry), lowOf(entry));
  if (kind === 'compressed') return 0xffffffff;
  if (kind !== 'normal') return 0;
  return image.geometry.extendedL2 ? allocMaskOf(entry) : 0xffffffff;
}

function isSet(mask: number, bit: number): boolean {
  return ((mask >>> bit) & 1) !== 0;
}
