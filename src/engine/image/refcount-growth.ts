import { EngineError } from '../errors.ts';
import { ceilDiv } from '../bytes/align.ts';
import { setU64, viewOf } from '../bytes/big-endian.ts';
import type { HostCluster, HostOffset } from '../format/addresses.ts';
import type { Geometry } from '../format/geometry.ts';
import { HEADER } from '../format/header.ts';
import { setRefcount } from '../format/refcount-block.ts';
import type { Allocator } from './allocator.ts';
import { writeFreshTable } from './fresh-table.ts';
import { switchPointer } from './header-pointer.ts';
import { encodeRefcountTable, REFCOUNT_TABLE_SIZE_MAX } from './refcounts.ts';

/**
 * Makes the refcount block that covers `cluster`, and a larger refcount table if the block has no place in the present
 * one. Where the new structures go is QEMU's choice: the block takes the next free cluster.
 */
export function addRefcountBlock(allocator: Allocator, cluster: HostCluster): void {
  const { refcounts } = allocator;
  const { clusterSize, refcountBits, refcountBlockEntries } = refcounts.geometry;
  const tableIndex = Math.floor(cluster / refcountBlockEntries);

  const blockCluster = allocator.findFree(1);
  if (blockCluster === 0) refcounts.onCorruption('Preventing invalid allocation of refcount block at offset 0');
  const block = new Uint8Array(clusterSize);
  if (Math.floor(blockCluster / refcountBlockEntries) === tableIndex) {
    setRefcount(block, refcountBits, blockCluster % refcountBlockEntries, 1);
  } else {
    while (!allocator.tryRaise(blockCluster, 1));
    refcounts.blocks.writeAll();
  }
  // The recursion above may have made the block that was asked for.
  if (refcounts.isCovered(cluster)) {
    allocator.freeUnreferenced(blockCluster * clusterSize, 1);
    return;
  }

  // Block and refcounts are durable before the table points to the block: a crash in between loses a cluster, the
  // other order could leave the table pointing to bytes of something else.
  refcounts.file.event('refblock_alloc_write');
  writeFreshTable(refcounts.file, blockCluster * clusterSize, block, 'refblock-new');
  refcounts.file.flush('flush-ordering');

  if (tableIndex < refcounts.table.length) {
    refcounts.hookUpBlock(tableIndex, blockCluster * clusterSize);
    allocator.guard.add(blockCluster * clusterSize, 'refcount block');
    refcounts.file.flush('flush-ordering');
    return;
  }
  const blocksUsed = ceilDiv(Math.max(cluster + 1, blockCluster), refcountBlockEntries);
  growRefcountTable(allocator, {
    start: blocksUsed * refcountBlockEntries,
    clustersBehind: 0,
    isExact: false,
    newBlock: { tableIndex, hostOffset: blockCluster * clusterSize },
  });
}

export interface TableGrowth {
  /** First cluster of the area that will hold the new structures. */
  readonly start: HostCluster;
  /** Clusters behind the area that the new structures must be able to count. */
  readonly clustersBehind: number;
  /** No spare entries in the new table (preallocation, resize). */
  readonly isExact: boolean;
  /** A block already written, not in any table yet. */
  readonly newBlock: { readonly tableIndex: number; readonly hostOffset: HostOffset } | null;
}

/**
 * Moves the refcount table to a new, larger place in an area at `start` that counts itself: missing refcount blocks
 * first, then the table. The old table is freed.
 * @returns the host cluster after the area
 */
export function growRefcountTable(allocator: Allocator, growth: TableGrowth): HostCluster {
  const { refcounts } = allocator;
  const { clusterSize, refcountBits, refcountBlockEntries } = refcounts.geometry;
  const { start, clustersBehind, isExact, newBlock } = growth;
  refcounts.file.event('reftable_grow');
  const blockCount = refcountMetadataSize(refcounts.geometry, start + clustersBehind, !isExact).blocks;
  if (blockCount * 8 > REFCOUNT_TABLE_SIZE_MAX) {
    throw new EngineError(
      'no-space',
      'The refcount table would exceed 8 MiB: the image file cannot grow. Nothing was lost.',
    );
  }

  const entriesPerCluster = clusterSize / 8;
  const entriesWanted = isExact ? blockCount : blockCount + ceilDiv(blockCount, 2);
  const tableClusters = ceilDiv(entriesWanted, entriesPerCluster);
  const table = new Float64Array(tableClusters * entriesPerCluster);
  table.set(refcounts.table.subarray(0, table.length));
  if (newBlock !== null) table[newBlock.tableIndex] = newBlock.hostOffset;

  const firstIndex = Math.floor(start / refcountBlockEntries);
  const newBlocks = new Set<number>();
  for (let index = firstIndex; index < blockCount; index++) {
    if (table[index] !== 0) continue;
    table[index] = (start + newBlocks.size) * clusterSize;
    newBlocks.add(index);
  }
  const tableCluster = start + newBlocks.size;
  const end = tableCluster + tableClusters;

  refcounts.blocks.writeAll();
  refcounts.file.event('refblock_alloc_write_blocks');
  for (let index = firstIndex; index < blockCount; index++) {
    const block = new Uint8Array(clusterSize);
    const isNew = newBlocks.has(index);
    if (!isNew) refcounts.file.read(table[index]!, block);
    const from = Math.max(start, index * refcountBlockEntries);
    const to = Math.min(end, (index + 1) * refcountBlockEntries);
    for (let cluster = from; cluster < to; cluster++) {
      setRefcount(block, refcountBits, cluster % refcountBlockEntries, 1);
    }
    refcounts.file.write(table[index]!, block, isNew ? 'refblock-new' : 'refblock-update');
    refcounts.blocks.drop(table[index]!, clusterSize);
  }
  refcounts.file.event('refblock_alloc_write_table');
  refcounts.file.write(tableCluster * clusterSize, encodeRefcountTable(table), 'reftable-grow');
  // All of the new structures are durable before the header points to them.
  refcounts.file.flush('flush-ordering');
  const { header } = refcounts;
  const old = { offset: header.refcountTableOffset, clusters: header.refcountTableClusters };
  refcounts.file.event('refblock_alloc_switch_table');
  switchPointer(refcounts.file, {
    at: HEADER.fields.refcountTableOffset.at,
    before: encodePointer(old.offset, old.clusters),
    after: encodePointer(tableCluster * clusterSize, tableClusters),
    why: 'reftable-grow',
  });
  refcounts.table = table;
  header.refcountTableOffset = tableCluster * clusterSize;
  header.refcountTableClusters = tableClusters;
  for (const index of newBlocks) allocator.guard.add(table[index]!, 'refcount block');
  if (newBlock !== null) allocator.guard.add(newBlock.hostOffset, 'refcount block');
  allocator.freeUnreferenced(old.offset, old.clusters);
  return end;
}

function encodePointer(tableOffset: HostOffset, tableClusters: number): Uint8Array {
  const pointer = new Uint8Array(12);
  setU64(viewOf(pointer), 0, tableOffset);
  viewOf(pointer).setUint32(8, tableClusters);
  return pointer;
}

/**
 * How many refcount blocks and table clusters it takes to count `clusters` clusters and themselves; the generous size
 * leaves half a table more.
 */
export function refcountMetadataSize(
  geometry: Geometry,
  clusters: number,
  isGenerous: boolean,
): { blocks: number; tableClusters: number } {
  const settle = (counted: number) => {
    let blocks = 0;
    let tableClusters = 0;
    for (let total = -1; total !== counted + blocks + tableClusters;) {
      total = counted + blocks + tableClusters;
      blocks = ceilDiv(total, geometry.refcountBlockEntries);
      tableClusters = ceilDiv(blocks * 8, geometry.clusterSize);
    }
    return { blocks, tableClusters };
  };
  const exact = settle(clusters);
  return isGenerous ? settle(clusters + ceilDiv(exact.tableClusters, 2)) : exact;
}
