import type { GuestOffset, HostOffset } from '../format/addresses.ts';
import { COPIED_HIGH, offsetOf } from '../format/l1-entry.ts';
import { compressedExtentOf, l2KindOf } from '../format/l2-entry.ts';
import type { FreeOptions } from './allocator.ts';
import { markDirty } from './dirty-bit.ts';
import type { Image } from './image.ts';
import { allocMaskOf, findL2Entry, highOf, lowOf, setL2Entry, setSubclusters, zeroMaskOf } from './l2-access.ts';
import { subclusterMask } from './subclusters.ts';

/** Clusters written (write-run.ts) and now to be named by their L2 entries. */
export interface RunLink {
  readonly at: GuestOffset;
  readonly clusterCount: number;
  readonly hostOffset: HostOffset;
  readonly isNew: boolean;
  /** Guest range whose content was written; empty where clusters are only reserved. */
  readonly from: GuestOffset;
  readonly to: GuestOffset;
  readonly mustPrecedeLink: boolean;
}

/**
 * Points L2 entries to the clusters of a run, and releases what they pointed to. The data was written before; this
 * changes the cache only, after it has arranged what must be durable first.
 */
export function linkRun(image: Image, run: RunLink): void {
  if (image.lazyRefcounts && !image.isDirty) markDirty(image);
  orderLink(image, run);

  const { clusterSize } = image.geometry;
  const firstGuest = run.at - (run.at % clusterSize);
  for (let index = 0; index < run.clusterCount; index++) {
    const guest = firstGuest + index * clusterSize;
    const host = run.hostOffset + index * clusterSize;
    const entry = findL2Entry(image, guest)!;
    const old = hostClustersOf(image, highOf(entry), lowOf(entry));
    const wasCompressed = l2KindOf(image.geometry, highOf(entry), lowOf(entry)) === 'compressed';
    if (image.geometry.extendedL2) {
      const skip = Math.max(0, run.from - guest);
      const length = Math.min(clusterSize, run.to - guest) - skip;
      const mask = length > 0 ? subclusterMask(image.geometry.subclusterSize, skip, length) : 0;
      const kept = run.isNew || wasCompressed ? 0 : allocMaskOf(entry);
      const zeros = wasCompressed ? 0 : zeroMaskOf(entry);
      setSubclusters(image, entry, kept | mask, zeros & ~mask);
    }
    setL2Entry(image, entry, (COPIED_HIGH | Math.floor(host / 2 ** 32)) >>> 0, host % 2 ** 32);
    if (run.isNew) releaseClusters(image, old, { punchHole: false });
  }
}

/** Arranges that what a new L2 entry relies on is durable before the entry: refcounts (or the dirty bit), data. */
export function orderLink(
  image: Image,
  { isNew, mustPrecedeLink }: { isNew: boolean; mustPrecedeLink: boolean },
): void {
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
  if (image.dataFileHoles !== null) {
    if (options.punchHole) image.dataFileHoles.add(hostOffset);
    return;
  }
  // Set before the refcounts change: setting it may write out the refcounts that are already pending.
  if (!image.isDirty) image.refcounts.blocks.dependOn(image.l2Tables);
  image.allocator.free(hostOffset, clusterCount, options);
}
