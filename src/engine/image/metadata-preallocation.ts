import { ceilDiv } from '../bytes/align.ts';
import { isEngineError } from '../errors.ts';
import type { Image } from './image.ts';

/** The least that a cluster takes of which anything was written. */
const PAGE = 4096;

/**
 * Clusters may be given out ahead of their data, as preallocation of metadata does; then only the file knows which of them
 * read as zeros. QEMU takes it so where more than a tenth, and more than one, have no space. It writes all of each cluster
 * that it allocates, whereas here parts may be left out: so holes count by whole clusters, unless there is less space than
 * a page for each cluster.
 * @param allocatedBytes what the image file takes on its disk
 * @returns the unit in which holes count, null: they say nothing
 */
export function unitOfHoles(image: Image, allocatedBytes: number): number | null {
  const { clusterSize } = image.geometry;
  // Tables as if they had all of their space.
  const fewest = moreThan(Math.floor(allocatedBytes / clusterSize) + tableClusterCount(image));
  const many = Math.max(fewest, moreThan(Math.floor(allocatedBytes / PAGE)));
  const found = usedClusterCount(image, fewest, many);
  if (found < fewest) return null;
  return found < many ? clusterSize : 1;
}

function moreThan(count: number): number {
  return Math.max(Math.floor((count * 10) / 9), count + 2);
}

/** Counts up to `many`; less than `fewest` where there cannot be so many, or where refcounts cannot be read. */
function usedClusterCount({ refcounts, geometry, file }: Image, fewest: number, many: number): number {
  const end = Math.min(ceilDiv(file.size, geometry.clusterSize), refcounts.countedEnd);
  let found = 0;
  if (end < fewest) return found;
  try {
    for (let cluster = 0; cluster < end && found < many; cluster++) {
      if (refcounts.get(cluster) > 0) found++;
      else if (!refcounts.isCovered(cluster)) cluster += geometry.refcountBlockEntries - 1;
    }
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return 0;
  }
  return found;
}

/** Clusters of the header and the tables of the disk. */
function tableClusterCount(image: Image): number {
  const { l1, refcounts, header, geometry } = image;
  let count = 1 + ceilDiv(l1.entryCount * 8, geometry.clusterSize) + header.refcountTableClusters;
  for (let index = 0; index < l1.entryCount; index++) if (l1.l2OffsetAt(index) !== 0) count++;
  for (const offset of refcounts.table) if (offset !== 0) count++;
  return count;
}
