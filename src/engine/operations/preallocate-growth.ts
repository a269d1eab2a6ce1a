import { ceilDiv } from '../bytes/align.ts';
import type { GuestOffset, HostOffset } from '../format/addresses.ts';
import { l1IndexOf } from '../format/geometry.ts';
import { isCopied } from '../format/l1-entry.ts';
import { l2KindOf } from '../format/l2-entry.ts';
import { allocateDataClusters, freeNewDataClusters } from '../image/data-clusters.ts';
import { writeZeros } from '../image/data-file-holes.ts';
import { writeGuestData } from '../image/guest-data.ts';
import type { Image } from '../image/image.ts';
import { findL2Entry, highOf, l2EntryAt, l2OffsetOf, lowOf, type L2Entry } from '../image/l2-access.ts';
import { ensureL2Entry } from '../image/l2-tables.ts';
import { linkRun, prepareLink } from '../image/link.ts';
import { readRange } from '../image/read.ts';
import { allocateAreaAtEnd } from '../image/reserved-area.ts';
import { growFile, makeRoom, type Preallocation } from '../image/reserve-space.ts';
import { beforeLink, undoDataClusters } from '../image/undo-allocation.ts';
import { writeData } from '../image/write.ts';

/**
 * Gives every cluster between the old end of a disk and its new one a host cluster, and with falloc and full the disk
 * space behind it. The clusters read as zeros; a first one that the disk had in part keeps that part.
 */
export function preallocateGrowth(image: Image, from: GuestOffset, to: GuestOffset, mode: Preallocation): void {
  const { clusterSize, hasDataFile, extendedL2 } = image.geometry;
  let start = from - (from % clusterSize);
  const isContiguous = (mode === 'falloc' || mode === 'full') && !hasDataFile;
  // Where there is no table yet, none is made before the area is reserved: it goes where the old refcount table was.
  const cut = start < from ? findL2Entry(image, start) : null;
  if (cut !== null) {
    if (extendedL2 && !isEmpty(image, cut)) rewrite(image, start, from);
    // With disk space for everything, the cluster that the old end cuts moves too: it may have none behind its rest.
    const keepsCut = !isContiguous || extendedL2;
    if (keepsCut && isOwned(image, ensureL2Entry(image, start))) start += clusterSize;
  }
  if (start >= to) return;

  const clusterCount = ceilDiv(to - start, clusterSize);
  const area = isContiguous ? allocateAreaAtEnd(image, clusterCount) : null;
  let areaLeft = area === null ? 0 : clusterCount;
  try {
    if (area !== null) takeArea(image, area, area + clusterCount * clusterSize, mode);
    for (let at = start; at < to;) {
      const movesAnyway = at < from && isContiguous ? 1 : 0;
      const count = Math.max(movesAnyway, emptyRunAt(image, at, to));
      const place = area === null ? null : area + (at - start);
      if (place !== null) areaLeft -= Math.max(1, count);
      if (count > 0) {
        const hostOffset = place ?? allocateDataClusters(image, at, count);
        reserve(image, { at, count, hostOffset, headEnd: from, mode });
      } else if (place !== null) freeNewDataClusters(image, place, 1);
      at += Math.max(1, count) * clusterSize;
    }
  } catch (error) {
    if (area !== null) undoDataClusters(image, error, area + (clusterCount - areaLeft) * clusterSize, areaLeft);
    throw error;
  }
}

/** Disk space behind an area at the end of what is in use of the file. */
function takeArea({ file }: Image, from: HostOffset, to: HostOffset, mode: Preallocation): void {
  makeRoom(() => {
    // The file may be longer than what is in use of it: with anything in it, without disk space behind.
    if (from < file.size) writeZeros(file, from, Math.min(to, file.size) - from);
    growFile(file, to, mode);
  });
}

interface Reservation {
  readonly at: GuestOffset;
  readonly count: number;
  readonly hostOffset: HostOffset;
  /** Guest bytes before it, if any lie in the run, are kept. */
  readonly headEnd: GuestOffset;
  readonly mode: Preallocation;
}

function reserve(image: Image, { at, count, hostOffset, headEnd, mode }: Reservation): void {
  const { dataFile, geometry } = image;
  const length = count * geometry.clusterSize;
  const head = new Uint8Array(geometry.extendedL2 ? 0 : Math.max(0, headEnd - at));
  // Space that was used before may hold anything; what lies past the end of the file reads as zeros.
  const isReused = hostOffset < dataFile.size && mode === 'metadata' && !geometry.hasDataFile;
  beforeLink(image, { at, clusterCount: count, hostOffset, isNew: true }, () => {
    readRange(image, at, head);
    if (isReused) writeZeros(dataFile, hostOffset, Math.min(length, dataFile.size - hostOffset));
    if (!geometry.hasDataFile) growFile(dataFile, hostOffset + length, mode);
    if (head.length > 0) writeGuestData(image, { guest: at, host: hostOffset }, head, 'cow-copy');
    prepareLink(image, { isNew: true, mustPrecedeLink: isReused || head.length > 0 });
  });
  linkRun(image, { at, clusterCount: count, hostOffset, isNew: true, from: at, to: at });
}

/** Clusters from `at` on, within one L2 table, that have no host cluster of their own. */
function emptyRunAt(image: Image, at: GuestOffset, to: GuestOffset): number {
  const { clusterSize, l2Entries } = image.geometry;
  const first = ensureL2Entry(image, at);
  const l2Offset = l2OffsetOf(image, l1IndexOf(image.geometry, at));
  const countMax = Math.min(ceilDiv(to - at, clusterSize), l2Entries - first.index);
  let count = 0;
  while (count < countMax && !isOwned(image, l2EntryAt(image, l2Offset, first.index + count))) count++;
  return count;
}

function isOwned({ geometry }: Image, entry: L2Entry): boolean {
  const kind = l2KindOf(geometry, highOf(entry), lowOf(entry));
  return (kind === 'normal' || kind === 'zero-alloc') && isCopied(highOf(entry));
}

function isEmpty({ geometry }: Image, entry: L2Entry): boolean {
  return l2KindOf(geometry, highOf(entry), lowOf(entry)) === 'unallocated';
}

/** Writes a range as it reads, so that its cluster becomes the disk's own. */
function rewrite(image: Image, from: GuestOffset, to: GuestOffset): void {
  const bytes = new Uint8Array(to - from);
  readRange(image, from, bytes);
  writeData(image, from, bytes);
}
