import type { GuestOffset } from '../format/addresses.ts';
import { l1IndexOf } from '../format/geometry.ts';
import { l2KindOf } from '../format/l2-entry.ts';
import { beginGuestWrite } from './begin-write.ts';
import { endGuestWrite } from './flush.ts';
import type { Image } from './image.ts';
import {
  allocMaskOf,
  highOf,
  l2OffsetOf,
  lowOf,
  setL2Entry,
  setSubclusters,
  zeroMaskOf,
  type L2Entry,
} from './l2-access.ts';
import { ensureL2Entry } from './l2-tables.ts';
import { hostClustersOf, releaseClusters } from './link.ts';

const ZERO_PLAIN_LOW = 1;
const ALL_SUBCLUSTERS = 0xffffffff;

/**
 * Gives whole clusters back: they read as zeros afterwards. Parts of clusters at the ends keep their data, except the
 * tail of a disk whose size is not a multiple of the cluster size. A version 2 image with a backing file cannot say
 * "zeros", so there nothing changes.
 */
export function discard(image: Image, at: GuestOffset, length: number): void {
  beginGuestWrite(image, at, length);
  discardClusters(image, at, length);
  endGuestWrite(image);
}

export function discardClusters(image: Image, at: GuestOffset, length: number): void {
  if (image.geometry.version === 2 && image.backing !== null) return;
  const { clusterSize } = image.geometry;
  const first = Math.ceil(at / clusterSize) * clusterSize;
  const end = at + length === image.virtualSize ? at + length : at + length - ((at + length) % clusterSize);
  for (let guest = first; guest < end; guest += clusterSize) {
    const l1Index = l1IndexOf(image.geometry, guest);
    if (l2OffsetOf(image, l1Index) === 0 && image.backing === null) {
      // Nothing is mapped up to the end of this L2 table's reach.
      guest = (l1Index + 1) * image.geometry.l2Coverage - clusterSize;
      continue;
    }
    discardCluster(image, ensureL2Entry(image, guest));
  }
}

/** Frees whole clusters beyond what the disk will keep: their entries say nothing at all afterwards. */
export function discardFully(image: Image, at: GuestOffset, length: number): void {
  const { clusterSize, l2Coverage, extendedL2 } = image.geometry;
  for (let guest = at; guest < at + length; guest += clusterSize) {
    const l1Index = l1IndexOf(image.geometry, guest);
    if (l2OffsetOf(image, l1Index) === 0) {
      guest = (l1Index + 1) * l2Coverage - clusterSize;
      continue;
    }
    const entry = ensureL2Entry(image, guest);
    const old = hostClustersOf(image, highOf(entry), lowOf(entry));
    if (extendedL2) setSubclusters(image, entry, 0, 0);
    setL2Entry(image, entry, 0, 0);
    releaseClusters(image, old, { punchHole: true });
  }
}

function discardCluster(image: Image, entry: L2Entry): void {
  const kind = l2KindOf(image.geometry, highOf(entry), lowOf(entry));
  if (readsAsDiscarded(image, entry)) return;
  const old = hostClustersOf(image, highOf(entry), lowOf(entry));
  unmapCluster(image, entry);
  releaseClusters(image, old, { punchHole: kind !== 'compressed' });
}

/** Nothing to give back, and zeros already. */
function readsAsDiscarded(image: Image, entry: L2Entry): boolean {
  const kind = l2KindOf(image.geometry, highOf(entry), lowOf(entry));
  if (kind === 'zero-plain') return true;
  if (kind !== 'unallocated') return false;
  if (image.geometry.extendedL2 && zeroMaskOf(entry) === ALL_SUBCLUSTERS) return true;
  return image.backing === null && (!image.geometry.extendedL2 || allocMaskOf(entry) === 0);
}

/** Makes an entry say "zeros, no host cluster" (in version 2: unallocated, which reads as zeros without a backing file). */
export function unmapCluster(image: Image, entry: L2Entry): void {
  if (image.geometry.extendedL2) setSubclusters(image, entry, 0, ALL_SUBCLUSTERS);
  const low = image.geometry.version === 3 && !image.geometry.extendedL2 ? ZERO_PLAIN_LOW : 0;
  setL2Entry(image, entry, 0, low);
}
