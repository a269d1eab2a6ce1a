import type { GuestOffset, HostOffset } from '../format/addresses.ts';
import { writeTablesDurably } from './flush.ts';
import type { Image } from './image.ts';

/**
 * Host clusters for guest data, contiguous. In an external data file guest data stands at its guest offset, and nothing
 * counts it there.
 */
export function allocateDataClusters(image: Image, at: GuestOffset, clusterCount: number): HostOffset {
  if (image.dataFileHoles === null) return image.allocator.allocate(clusterCount);
  const hostOffset = dataFileOffsetOf(at - (at % image.geometry.clusterSize));
  image.dataFileHoles.keep(hostOffset, clusterCount);
  return hostOffset;
}

/** As many clusters as are free at the preferred place, else all that are wanted at another one. */
export function newDataClusters(
  image: Image,
  at: GuestOffset,
  wanted: number,
  preferred: HostOffset | null,
): { hostOffset: HostOffset; clusterCount: number } {
  if (preferred !== null && !image.geometry.hasDataFile) {
    const clusterCount = image.allocator.allocateAt(preferred, wanted);
    if (clusterCount > 0) return { hostOffset: preferred, clusterCount };
  }
  const searchedFrom = image.allocator.freeIndex;
  const hostOffset = allocateDataClusters(image, at, wanted);
  if (!mayReuseInstead(image, hostOffset, wanted)) return { hostOffset, clusterCount: wanted };
  image.allocator.freeUnreferenced(hostOffset, wanted);
  image.mayFlushForSpace = false;
  writeTablesDurably(image);
  image.allocator.freeIndex = Math.min(searchedFrom, image.allocator.freeIndex);
  return { hostOffset: allocateDataClusters(image, at, wanted), clusterCount: wanted };
}

/**
 * Whether the file would grow although there is room in it that only waits for a flush. One flush, once between two of
 * the guest's own, is cheaper than a file that grows with every discard.
 */
function mayReuseInstead(
  { allocator, file, geometry, mayFlushForSpace }: Image,
  hostOffset: HostOffset,
  count: number,
) {
  const grows = hostOffset + count * geometry.clusterSize > file.size;
  if (!grows || !mayFlushForSpace || allocator.waitingCount === 0) return false;
  return allocator.willFitOnceReleased(count, Math.floor(file.size / geometry.clusterSize));
}

/** In an external data file every byte stands at its guest offset. */
export function dataFileOffsetOf(at: GuestOffset | number): HostOffset {
  return at as number;
}

/** Gives back clusters that nothing refers to yet. */
export function freeNewDataClusters(image: Image, hostOffset: HostOffset, clusterCount: number): void {
  if (image.dataFileHoles === null) image.allocator.freeUnreferenced(hostOffset, clusterCount);
}
