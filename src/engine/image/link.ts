import type { GuestOffset, HostOffset } from '../format/addresses.ts';
import { hex } from '../format/hex.ts';
import { COPIED_HIGH, offsetOf } from '../format/l1-entry.ts';
import { compressedExtentOf, l2KindOf } from '../format/l2-entry.ts';
import type { FreeOptions } from './allocator.ts';
import { markDirty } from './dirty-bit.ts';
import type { Image } from './image.ts';
import { allocMaskOf, findL2Entry, highOf, lowOf, setL2Entry, setSubclusters, zeroMaskOf } from './l2-access.ts';
import { signalCorruption } from './mark-corrupt.ts';
import { subclusterMask } from './subclusters.ts';
import { undoDataClusters } from './undo-allocation.ts';

/** Clusters written (write-run.ts) and now to be named by their L2 entries. */
export interface RunLink {
  readonly at: GuestOffset;
  readonly clusterCount: number;
  readonly hostOffset: HostOffset;
  readonly isNew: boolean;
  /** Guest range whose content was written; empty where clusters are only reserved. */
  readonly from: GuestOffset;
  readonly to: GuestOffset;
}

/** Arranges what must be durable before the L2 entries of a run, the dirty bit included. */
export function prepareLink(image: Image, order: LinkOrder): void {
  if (image.lazyRefcounts && !image.isDirty) markDirty(image);
  orderLink(image, order);
}

/**
 * Points L2 entries to the clusters of a run, and releases what they pointed to. The data was written and the order on
 * disk arranged before; this changes the cache only. Where it fails on the way, clusters not linked yet are freed.
 */
export function linkRun(image: Image, run: RunLink): void {
  const { clusterSize } = image.geometry;
  const firstGuest = run.at - (run.at % clusterSize);
  let linkedCount = 0;
  try {
    while (linkedCount < run.clusterCount) {
      const old = linkCluster(image, run, firstGuest + linkedCount * clusterSize);
      linkedCount++;
      if (run.isNew) releaseClusters(image, old, { punchHole: false });
    }
  } catch (error) {
    const missing = run.isNew ? run.clusterCount - linkedCount : 0;
    undoDataClusters(image, error, run.hostOffset + linkedCount * clusterSize, missing);
    throw error;
  }
}

/** Points one L2 entry to its cluster of the run; returns what it referred to before. */
function linkCluster(image: Image, run: RunLink, guest: GuestOffset): HostRange {
  const { clusterSize, extendedL2, subclusterSize } = image.geometry;
  const host = run.hostOffset + guest - (run.at - (run.at % clusterSize));
  const entry = findL2Entry(image, guest)!;
  const old = hostClustersOf(image, highOf(entry), lowOf(entry));
  if (extendedL2) {
    const wasCompressed = l2KindOf(image.geometry, highOf(entry), lowOf(entry)) === 'compressed';
    const skip = Math.max(0, run.from - guest);
    const length = Math.min(clusterSize, run.to - guest) - skip;
    const mask = length > 0 ? subclusterMask(subclusterSize, skip, length) : 0;
    const kept = run.isNew || wasCompressed ? 0 : allocMaskOf(entry);
    const zeros = wasCompressed ? 0 : zeroMaskOf(entry);
    setSubclusters(image, entry, kept | mask, zeros & ~mask);
  }
  setL2Entry(image, entry, (COPIED_HIGH | Math.floor(host / 2 ** 32)) >>> 0, host % 2 ** 32);
  return old;
}

export interface LinkOrder {
  readonly isNew: boolean;
  readonly mustPrecedeLink: boolean;
}

/** Arranges that what a new L2 entry relies on is durable before the entry: refcounts (or the dirty bit), data. */
export function orderLink(image: Image, { isNew, mustPrecedeLink }: LinkOrder): void {
  // With the dirty bit on disk a crash leads to a repair, so refcounts may come later. Without it an entry must not be
  // durable before its refcount: the cluster could be handed out a second time.
  if (isNew && !image.isDirty) image.l2Tables.dependOn(image.refcounts.blocks);
  if (mustPrecedeLink) image.l2Tables.dependOnFlush();
}

export interface HostRange {
  readonly hostOffset: HostOffset;
  readonly clusterCount: number;
}

/** The host clusters that an L2 entry refers to. */
export function hostClustersOf(image: Image, high: number, low: number): HostRange {
  const { geometry } = image;
  const kind = l2KindOf(geometry, high, low);
  if (kind === 'compressed') {
    const { hostOffset, lengthMax } = compressedExtentOf(geometry, high, low);
    const first = image.clusterOf(hostOffset);
    return {
      hostOffset: first * geometry.clusterSize,
      clusterCount: image.clusterOf(hostOffset + lengthMax - 1) - first + 1,
    };
  }
  const hasCluster = kind === 'normal' || kind === 'zero-alloc';
  return { hostOffset: offsetOf(high, low), clusterCount: hasCluster ? 1 : 0 };
}

/** Counts down the clusters that an entry referred to; its change must reach the disk before the lower refcount. */
export function releaseClusters(image: Image, { hostOffset, clusterCount }: HostRange, options: FreeOptions): void {
  if (clusterCount === 0) return;
  // Counting down or punching out something between two clusters would hit data of others.
  if (hostOffset % image.geometry.clusterSize !== 0) {
    return signalCorruption(image, `Cannot free unaligned cluster ${hex(hostOffset)}`);
  }
  if (image.dataFileHoles !== null) {
    if (options.punchHole) image.dataFileHoles.add(hostOffset);
    return;
  }
  // Set before the refcounts change: setting it may write out the refcounts that are already pending.
  if (!image.isDirty) image.refcounts.blocks.dependOn(image.l2Tables);
  image.allocator.free(hostOffset, clusterCount, options);
}
