import { ceilDiv } from '../bytes/align.ts';
import { StepFailure } from '../errors.ts';
import type { HostOffset } from '../format/addresses.ts';
import type { Image } from './image.ts';
import { growRefcountTable } from './refcount-growth.ts';

/**
 * Allocates contiguous clusters behind everything that the file holds. New refcount structures before them count them,
 * and the L2 tables that will map them as well, so that nothing lies in between. @throws StepFailure
 */
export function allocateAreaAtEnd({ allocator, file, refcounts, geometry }: Image, clusterCount: number): HostOffset {
  const { clusterSize, l2Entries } = geometry;
  let end = ceilDiv(file.size, clusterSize);
  while (end > 0 && refcounts.get(end - 1) === 0) end--;
  const l2TablesMax = ceilDiv(clusterCount, l2Entries) + 1;
  const start = StepFailure.during('Failed to resize refcount structures', () =>
    growRefcountTable(allocator, {
      start: end,
      clustersBehind: clusterCount + l2TablesMax,
      isExact: true,
      newBlock: null,
    }),
  );
  allocator.allocateAt(start * clusterSize, clusterCount);
  return start * clusterSize;
}
