import { EngineError } from '../errors.ts';
import { viewOf } from '../bytes/big-endian.ts';
import type { HostCluster, HostOffset } from '../format/addresses.ts';
import { COPIED_HIGH, isCopied, offsetOf } from '../format/l1-entry.ts';
import { l2KindOf } from '../format/l2-entry.ts';
import { refcountMax } from '../format/refcount-block.ts';
import type { Image } from '../image/image.ts';
import {
  highOf,
  judgeHostOffset,
  judgeL2Offset,
  l2EntryAt,
  lowOf,
  setL2Entry,
  type L2Entry,
} from '../image/l2-access.ts';
import { hostClustersOf, type HostRange } from '../image/link.ts';

/**
 * Adds `delta` to the refcount of everything that an L1 table reaches, each L2 table and cluster once a reference, and
 * sets the COPIED flags in the L2 tables to what the refcounts say then. With delta 0 only the flags.
 * @param l1 the table's bytes; COPIED flags of its entries are brought up to date in place
 * @returns whether the L1 table's flags changed
 * @throws EngineError for what {@link overflowIn} finds or throws, then with a part done
 */
export function addReferences(image: Image, l1: Uint8Array, delta: number): boolean {
  const view = viewOf(l1);
  let hasChanged = false;
  for (let at = 0; at < l1.length; at += 8) {
    const l2Offset = tableOffsetAt(image, view, at);
    if (l2Offset === 0) continue;
    addTableReferences(image, l2Offset, delta);
    const isOwned = addTo(image, l2Offset, 1, delta);
    const high = view.getUint32(at);
    if (isCopied(high) === isOwned) continue;
    view.setUint32(at, isOwned ? (high | COPIED_HIGH) >>> 0 : high & ~COPIED_HIGH);
    hasChanged = true;
  }
  return hasChanged;
}

function addTableReferences(image: Image, l2Offset: HostOffset, delta: number): void {
  const { geometry } = image;
  for (let index = 0; index < geometry.l2Entries; index++) {
    const entry = l2EntryAt(image, l2Offset, index);
    const high = highOf(entry);
    const low = lowOf(entry);
    const { hostOffset, clusterCount } = clustersOfEntry(image, entry);
    if (clusterCount === 0) continue;
    const isOwned = addTo(image, hostOffset, clusterCount, delta);
    if (l2KindOf(geometry, high, low) === 'compressed' || isCopied(high) === isOwned) continue;
    // Without the flag, writers copy: it must be gone only after the second reference counts, and come back only when
    // the refcount is down, so the refcounts are durable first.
    if (!image.isDirty) image.l2Tables.dependOn(image.refcounts.blocks);
    // Reading the refcount may have evicted the slice; it is looked up again before it changes.
    const changed = l2EntryAt(image, l2Offset, index);
    setL2Entry(image, changed, isOwned ? (high | COPIED_HIGH) >>> 0 : high & ~COPIED_HIGH, low);
  }
}

/** Changes refcounts and tells whether the cluster has exactly one reference then. */
function addTo(image: Image, hostOffset: HostOffset, clusterCount: number, delta: number): boolean {
  if (delta > 0) image.allocator.reference(hostOffset, clusterCount);
  if (delta < 0) image.allocator.lower(hostOffset, clusterCount, { punchHole: true });
  return image.refcounts.get(image.clusterOf(hostOffset)) === 1;
}

/**
 * Whether everything that an L1 table reaches can take one more reference.
 * @returns why not, where a refcount would overflow
 * @throws EngineError uncounted or too-large where no refcount structure counts a cluster, corrupt where an entry points
 *   between two clusters: a reference would be counted that nothing has
 */
export function overflowIn(image: Image, l1: Uint8Array): EngineError | null {
  const added = new Map<HostCluster, number>();
  const max = refcountMax(image.geometry.refcountBits);
  let overflow: EngineError | null = null;
  for (const cluster of clustersOf(image, l1)) {
    const total = (added.get(cluster) ?? 0) + 1;
    added.set(cluster, total);
    image.refcounts.mustCount(cluster);
    if (overflow !== null || image.refcounts.get(cluster) + total <= max) continue;
    overflow = new EngineError(
      'invalid-argument',
      `Host cluster ${cluster} has as many references as ${image.geometry.refcountBits}-bit refcounts can count. The disk is as it was.`,
    );
  }
  return overflow;
}

/** Every cluster that an L1 table reaches, once a reference. */
function* clustersOf(image: Image, l1: Uint8Array): Generator<HostCluster> {
  const view = viewOf(l1);
  for (let at = 0; at < l1.length; at += 8) {
    const l2Offset = tableOffsetAt(image, view, at);
    if (l2Offset === 0) continue;
    yield image.clusterOf(l2Offset);
    for (let index = 0; index < image.geometry.l2Entries; index++) {
      const { hostOffset, clusterCount } = clustersOfEntry(image, l2EntryAt(image, l2Offset, index));
      const first = image.clusterOf(hostOffset);
      for (let cluster = first; cluster < first + clusterCount; cluster++) yield cluster;
    }
  }
}

function tableOffsetAt(image: Image, l1: DataView, at: number): HostOffset {
  const l2Offset = offsetOf(l1.getUint32(at), l1.getUint32(at + 4));
  judgeL2Offset(image, l2Offset, at / 8);
  return l2Offset;
}

function clustersOfEntry(image: Image, entry: L2Entry): HostRange {
  const clusters = hostClustersOf(image, highOf(entry), lowOf(entry));
  if (clusters.clusterCount > 0) judgeHostOffset(image, entry, clusters.hostOffset);
  return clusters;
}
