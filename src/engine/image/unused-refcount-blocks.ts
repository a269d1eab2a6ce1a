import type { HostOffset } from '../format/addresses.ts';
import { hex } from '../format/hex.ts';
import { getRefcount } from '../format/refcount-block.ts';
import type { Allocator } from './allocator.ts';
import { encodeRefcountTable, type Refcounts } from './refcounts.ts';

/**
 * Gives up the refcount blocks that count nothing but themselves. The table is durable without them before their clusters
 * are free. One that goes may have been the last that another one counted, so it looks again.
 * @throws EngineError corrupt for a block that is not aligned, or that no block or a wrong refcount counts
 */
export function dropUnusedRefcountBlocks(allocator: Allocator): void {
  const { refcounts } = allocator;
  for (;;) {
    const unused = unusedBlocks(refcounts);
    if (unused.length === 0) return;
    writeTableWithout(refcounts, unused);
    for (const index of unused) {
      const blockOffset = refcounts.table[index]!;
      judgeCounted(refcounts, index, blockOffset);
      refcounts.table[index] = 0;
      allocator.freeRefcountBlock(blockOffset);
    }
  }
}

/** Indexes into the refcount table. */
function unusedBlocks(refcounts: Refcounts): number[] {
  const unused: number[] = [];
  for (const [index, blockOffset] of refcounts.table.entries()) {
    if (blockOffset === 0) continue;
    if (blockOffset % refcounts.geometry.clusterSize !== 0) {
      refcounts.onCorruption(`Cannot get entry from refcount block cache: Offset ${hex(blockOffset)} is unaligned`);
    }
    if (countsNothingElse(refcounts, index, blockOffset)) unused.push(index);
  }
  return unused;
}

function countsNothingElse({ blocks, geometry }: Refcounts, index: number, blockOffset: HostOffset): boolean {
  const { clusterSize, refcountBits, refcountBlockEntries } = geometry;
  const own = blockOffset / clusterSize - index * refcountBlockEntries;
  const entriesPerSlice = (blocks.sliceSize * 8) / refcountBits;
  for (let first = 0; first < refcountBlockEntries; first += entriesPerSlice) {
    const { bytes } = blocks.get(blockOffset + (first * refcountBits) / 8);
    if (bytes.every((byte) => byte === 0)) continue;
    for (let at = 0; at < entriesPerSlice; at++) {
      if (first + at !== own && getRefcount(bytes, refcountBits, at) !== 0) return false;
    }
  }
  return true;
}

function writeTableWithout(refcounts: Refcounts, unused: readonly number[]): void {
  const kept = refcounts.table.slice();
  for (const index of unused) kept[index] = 0;
  refcounts.file.write(refcounts.header.refcountTableOffset, encodeRefcountTable(kept), 'reftable-update');
  refcounts.file.flush('flush-ordering');
}

function judgeCounted(refcounts: Refcounts, index: number, blockOffset: HostOffset): void {
  const cluster = blockOffset / refcounts.geometry.clusterSize;
  if (!refcounts.isCovered(cluster)) {
    refcounts.onCorruption(`Refblock at ${hex(blockOffset)} is not covered by the refcount structures`);
  }
  const refcount = refcounts.get(cluster);
  if (refcount === 1) return;
  const covering = refcounts.table[Math.floor(cluster / refcounts.geometry.refcountBlockEntries)]!;
  const place = cluster % refcounts.geometry.refcountBlockEntries;
  refcounts.onCorruption(
    `Invalid refcount: refblock offset ${hex(covering)}, reftable index ${index}, block offset ${hex(place)}, refcount ${hex(refcount)}`,
  );
}
