import { ceilDiv } from '../bytes/align.ts';
import { isEngineError } from '../errors.ts';
import { l2OffsetOf } from './l2-access.ts';
import type { Image } from './image.ts';

/**
 * Whether clusters were given out for which the file takes no space, as preallocation of metadata does: QEMU asks for more
 * than a tenth of what is there, and than one. Tables are taken as if they had all of their space, since an empty part of
 * one need not have been written. Where refcounts cannot be read, nobody knows.
 * @param allocatedBytes what the image file takes on its disk
 */
export function hasMetadataPreallocation(image: Image, allocatedBytes: number): boolean {
  const { refcounts, geometry, file } = image;
  const { clusterSize, refcountBlockEntries } = geometry;
  const withSpace = Math.floor(allocatedBytes / clusterSize) + tableClusterCount(image);
  const wanted = Math.max(Math.floor((withSpace * 10) / 9), withSpace + 2);
  const end = Math.min(ceilDiv(file.size, clusterSize), refcounts.countedEnd);
  if (end < wanted) return false;
  let found = 0;
  try {
    for (let cluster = 0; cluster < end && found < wanted; cluster++) {
      if (cluster % refcountBlockEntries === 0 && !refcounts.isCovered(cluster)) cluster += refcountBlockEntries - 1;
      else if (refcounts.get(cluster) > 0) found++;
    }
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return false;
  }
  return found >= wanted;
}

/** Clusters of the header and the tables of the disk. */
function tableClusterCount(image: Image): number {
  const { l1, refcounts, header, geometry } = image;
  let count = 1 + ceilDiv(l1.entryCount * 8, geometry.clusterSize) + header.refcountTableClusters;
  for (let index = 0; index < l1.entryCount; index++) if (l2OffsetOf(image, index) !== 0) count++;
  for (const offset of refcounts.table) if (offset !== 0) count++;
  return count;
}
