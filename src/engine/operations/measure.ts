import { alignUp, ceilDiv } from '../bytes/align.ts';
import { EngineError } from '../errors.ts';
import { l1EntriesFor, makeGeometry } from '../format/geometry.ts';
import { BITMAP_DIRECTORY_ENTRY } from '../format/bitmap-directory.ts';
import { encodeName } from '../format/name.ts';
import type { CreateOptions } from '../image/create-options.ts';
import { L1_TABLE_SIZE_MAX } from '../image/head-validation.ts';
import type { Image } from '../image/image.ts';
import { refcountMetadataSize } from '../image/refcount-growth.ts';

/** What a new image would need of its options. */
export type MeasureOptions = Pick<CreateOptions, 'size' | 'compat' | 'clusterSize' | 'refcountBits' | 'extendedL2'>;

/**
 * Bytes that the file of a new image has once every cluster of its disk is allocated.
 * @throws EngineError invalid-argument where the L1 table would be too large
 */
export function fullyAllocatedSize(options: MeasureOptions): number {
  const { size, compat = '1.1', clusterSize = 65536, refcountBits = 16, extendedL2 = false } = options;
  const geometry = makeGeometry({
    version: compat === '1.1' ? 3 : 2,
    clusterBits: Math.log2(clusterSize),
    refcountOrder: Math.log2(refcountBits),
    hasDataFile: false,
    extendedL2,
  });
  const l2Tables = l1EntriesFor(geometry, size);
  if (l2Tables * 8 > L1_TABLE_SIZE_MAX) {
    throw new EngineError('invalid-argument', 'The image size is too large (try using a larger cluster size)');
  }
  const dataClusters = ceilDiv(size, clusterSize);
  const l1Clusters = ceilDiv(l2Tables * 8, clusterSize);
  const clusters = 1 + l1Clusters + l2Tables + dataClusters;
  const { blocks, tableClusters } = refcountMetadataSize(geometry, clusters, false);
  return (clusters + blocks + tableClusters) * clusterSize;
}

/** Bytes that an image's bitmaps would take in an image with another cluster size, if all of their clusters were there. */
export function bitmapsSize({ bitmaps, virtualSize }: Image, clusterSize: number): number {
  let size = 0;
  let directorySize = 0;
  for (const { name, granularityBits } of bitmaps.list) {
    const clusters = ceilDiv(ceilDiv(ceilDiv(virtualSize, 2 ** granularityBits), 8), clusterSize);
    size += clusters * clusterSize + alignUp(clusters * 8, clusterSize);
    directorySize += alignUp(BITMAP_DIRECTORY_ENTRY.size + encodeName(name).length, 8);
  }
  return size + alignUp(directorySize, clusterSize);
}
