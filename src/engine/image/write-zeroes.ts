import { alignDown, alignUp } from '../bytes/align.ts';
import type { GuestOffset } from '../format/addresses.ts';
import { isCopied } from '../format/l1-entry.ts';
import { l2KindOf } from '../format/l2-entry.ts';
import { beginGuestWrite } from './begin-write.ts';
import { dataFileOffsetOf } from './data-clusters.ts';
import { writeZeros } from './data-file-holes.ts';
import { discardClusters, unmapCluster } from './discard.ts';
import { endGuestWrite } from './flush.ts';
import { extentAt } from './extents.ts';
import type { Image } from './image.ts';
import { allocMaskOf, highOf, lowOf, setL2Entry, setSubclusters, zeroMaskOf, type L2Entry } from './l2-access.ts';
import { ensureL2Entry } from './l2-tables.ts';
import { hostClustersOf, releaseClusters } from './link.ts';
import { subclusterMask } from './subclusters.ts';
import { readsZero } from './write-run.ts';
import { writeData } from './write.ts';

export interface WriteZeroesOptions {
  /** Also give the host clusters back. */
  readonly unmap?: boolean;
}

const ZERO_CHUNK = 1024 * 1024;

/** No request of QEMU's is longer. A multiple of every cluster size. */
const REQUEST_MAX = 2 ** 31;

/**
 * Makes a guest range read as zeros, by flags in the L2 entries where whole clusters (with extended L2: subclusters) are
 * concerned, by writing zeros elsewhere. Host clusters stay reserved unless `unmap` is set.
 */
export function writeZeroes(image: Image, at: GuestOffset, length: number, options: WriteZeroesOptions = {}): void {
  beginGuestWrite(image, at, length);
  if (length === 0) return endGuestWrite(image);
  if (image.geometry.version === 2) zeroInVersion2(image, at, length);
  else zeroInVersion3(image, at, length, options.unmap === true);
  endGuestWrite(image);
}

function zeroInVersion3(image: Image, at: GuestOffset, length: number, unmap: boolean): void {
  zeroAround(image, at, length, image.geometry.subclusterSize, (from, to) => {
    for (let start = from; start < to; start += REQUEST_MAX) {
      const stop = Math.min(to, start + REQUEST_MAX);
      // As in QEMU: where flags do not do for an end, the whole request gets data.
      if (endsInCompressed(image, start, stop)) writeExplicitZeros(image, start, Math.min(stop, image.virtualSize));
      else zeroWholeSubclusters(image, start, stop, unmap);
    }
  });
}

/** Version 2 knows no zero flag: what has nothing behind it is let go instead. */
function zeroInVersion2(image: Image, at: GuestOffset, length: number): void {
  if (image.backing !== null) return writeExplicitZeros(image, at, at + length);
  zeroAround(image, at, length, image.geometry.clusterSize, (from, to) => discardClusters(image, from, to - from));
}

/**
 * Has the whole units of a range made zero by `zeroWhole`, and writes zeros into the head and the tail. A head or tail
 * whose rest of the unit reads as zeros anyway counts as whole.
 */
function zeroAround(
  image: Image,
  at: GuestOffset,
  length: number,
  unit: number,
  zeroWhole: (from: GuestOffset, to: GuestOffset) => void,
): void {
  const end = at + length;
  const outerFrom = alignDown(at, unit);
  const outerTo = alignUp(end, unit);
  const isHeadWhole = at === outerFrom || readsZero(image, outerFrom, at);
  const from = isHeadWhole ? outerFrom : outerFrom + unit;
  const isTailWhole = end === outerTo || end === image.virtualSize || readsZero(image, end, outerTo);
  const to = isTailWhole ? outerTo : outerTo - unit;
  if (from >= to) return writeExplicitZeros(image, at, end);
  if (from > at) writeExplicitZeros(image, at, from);
  zeroWhole(from, to);
  if (to < end) writeExplicitZeros(image, to, end);
}

function writeExplicitZeros(image: Image, from: GuestOffset, to: GuestOffset): void {
  const zeros = new Uint8Array(Math.min(ZERO_CHUNK, to - from));
  for (let at = from; at < to; at += zeros.length) {
    writeData(image, at, zeros.subarray(0, Math.min(zeros.length, to - at)));
  }
}

/** Whether a range begins or ends within a compressed cluster, which has no flags for its subclusters. */
function endsInCompressed(image: Image, from: GuestOffset, to: GuestOffset): boolean {
  const { clusterSize } = image.geometry;
  return [from, to].some(
    (at) => at % clusterSize !== 0 && extentAt(image, at - (at % clusterSize), 1).kind === 'compressed',
  );
}

function zeroWholeSubclusters(image: Image, from: GuestOffset, to: GuestOffset, unmap: boolean): void {
  // Whoever reads the data file by itself sees no flags.
  if (image.isDataFileRaw) writeZeros(image.dataFile, dataFileOffsetOf(from), Math.min(to, image.virtualSize) - from);
  const { clusterSize, subclusterSize } = image.geometry;
  for (let at = from; at < to;) {
    const cluster = alignDown(at, clusterSize);
    const partEnd = Math.min(to, cluster + clusterSize);
    const entry = ensureL2Entry(image, at);
    if (at === cluster && partEnd === cluster + clusterSize) {
      zeroCluster(image, entry, unmap);
    } else {
      const mask = subclusterMask(subclusterSize, at - cluster, partEnd - at);
      setSubclusters(image, entry, allocMaskOf(entry) & ~mask, zeroMaskOf(entry) | mask);
    }
    at = partEnd;
  }
}

function zeroCluster(image: Image, entry: L2Entry, unmap: boolean): void {
  const high = highOf(entry);
  const low = lowOf(entry);
  const kind = l2KindOf(image.geometry, high, low);
  if (kind === 'compressed' || unmap || !isCopied(high)) {
    // A cluster shared with a snapshot is let go too: its flag would need a table entry of its own anyway.
    const old = hostClustersOf(image, high, low);
    unmapCluster(image, entry);
    releaseClusters(image, old, { punchHole: unmap && kind !== 'compressed' });
    return;
  }
  if (image.geometry.extendedL2) setSubclusters(image, entry, 0, 0xffffffff);
  else setL2Entry(image, entry, high, low | 1);
}
