import type { GuestOffset, HostOffset } from '../format/addresses.ts';
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

/** In an external data file every byte stands at its guest offset. */
export function dataFileOffsetOf(at: GuestOffset | number): HostOffset {
  return at as number;
}

/** Gives back clusters that nothing refers to yet. */
export function freeNewDataClusters(image: Image, hostOffset: HostOffset, clusterCount: number): void {
  if (image.dataFileHoles === null) image.allocator.freeUnreferenced(hostOffset, clusterCount);
}
