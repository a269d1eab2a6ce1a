import { EngineError, StepFailure } from '../errors.ts';
import { getU64, setU64, viewOf } from '../bytes/big-endian.ts';
import type { HostCluster, HostOffset } from '../format/addresses.ts';
import type { Geometry } from '../format/geometry.ts';
import type { Header } from '../format/header.ts';
import { hex } from '../format/hex.ts';
import { changedRefcount, getRefcount, setRefcount } from '../format/refcount-block.ts';
import type { ImageFile } from './image-file.ts';
import type { Slice, TableCache } from './table-cache.ts';

/** Bytes of the largest refcount table that QEMU opens. */
export const REFCOUNT_TABLE_SIZE_MAX = 8 * 1024 * 1024;

/**
 * The refcounts of a running image: the refcount table in memory, the blocks through a cache. Structures that a change
 * needs and that do not exist yet are reported, not made: growth is the allocator's work (refcount-growth.ts).
 */
export class Refcounts {
  readonly file: ImageFile;
  geometry: Geometry;
  readonly blocks: TableCache;
  /** Kept true to the disk when the table moves. */
  readonly header: Header;
  /** Host offsets of the refcount blocks, 0 where there is none; one for each entry of the table on disk. */
  table: Float64Array;
  /** Called for a contradiction in the structures; throws. */
  onCorruption: (what: string) => never = (what) => {
    throw new EngineError('corrupt', what);
  };
  #entriesPerSlice: number;

  constructor(file: ImageFile, header: Header, geometry: Geometry, blocks: TableCache) {
    this.file = file;
    this.geometry = geometry;
    this.blocks = blocks;
    this.header = header;
    this.table = readTable(file, header.refcountTableOffset, header.refcountTableClusters * geometry.clusterSize);
    this.#entriesPerSlice = (blocks.sliceSize * 8) / geometry.refcountBits;
  }

  /** The refcount of a cluster; 0 beyond what table and blocks cover. Spec: "Refcounts". */
  get(cluster: HostCluster): number {
    const slice = this.#sliceOf(cluster);
    return slice === null ? 0 : getRefcount(slice.bytes, this.geometry.refcountBits, cluster % this.#entriesPerSlice);
  }

  /** Whether a refcount block exists for the cluster. */
  isCovered(cluster: HostCluster): boolean {
    const index = Math.floor(cluster / this.geometry.refcountBlockEntries);
    return index < this.table.length && this.table[index] !== 0;
  }

  /** Behind this cluster no refcount block counts any. */
  get countedEnd(): HostCluster {
    return (this.table.findLastIndex((offset) => offset !== 0) + 1) * this.geometry.refcountBlockEntries;
  }

  /** @throws EngineError uncounted when no block counts the cluster, too-large when no table could name such a block */
  mustCount(cluster: HostCluster): void {
    if (this.isCovered(cluster)) return;
    const tableIndex = Math.floor(cluster / this.geometry.refcountBlockEntries);
    throw new EngineError(
      (tableIndex + 1) * 8 > REFCOUNT_TABLE_SIZE_MAX ? 'too-large' : 'uncounted',
      `Host cluster ${cluster} is in use, but no refcount block counts it.`,
    );
  }

  /**
   * Adds `delta` to the refcount of each of `count` clusters. Checks all before it changes any.
   * @throws EngineError invalid-argument when a refcount would leave its range, uncounted or too-large when no block counts
   *   a cluster
   */
  add(first: HostCluster, count: number, delta: number): void {
    const { refcountBits } = this.geometry;
    for (let cluster = first; cluster < first + count; cluster++) {
      this.mustCount(cluster);
      if (
        changedRefcount(this.#sliceOf(cluster)!.bytes, refcountBits, cluster % this.#entriesPerSlice, delta) !== null
      ) {
        continue;
      }
      throw new EngineError(
        'invalid-argument',
        `The refcount of host cluster ${cluster} would become ${this.get(cluster) + delta}, which ${refcountBits} bits cannot count.`,
      );
    }
    for (let cluster = first; cluster < first + count; cluster++) {
      const slice = this.#sliceOf(cluster)!;
      const index = cluster % this.#entriesPerSlice;
      setRefcount(slice.bytes, refcountBits, index, changedRefcount(slice.bytes, refcountBits, index, delta)!);
      this.blocks.markDirty(slice);
    }
  }

  /** Goes over to other structures, of another width; the header on disk points to them by now. */
  replace(table: Float64Array, geometry: Geometry): void {
    this.table = table;
    this.geometry = geometry;
    this.#entriesPerSlice = (this.blocks.sliceSize * 8) / geometry.refcountBits;
  }

  /** Enters a block into the table, in memory and on disk (8 bytes, within one sector). */
  hookUpBlock(index: number, blockOffset: HostOffset): void {
    const bytes = new Uint8Array(8);
    setU64(viewOf(bytes), 0, blockOffset);
    this.file.event('refblock_alloc_hookup');
    this.file.write(this.header.refcountTableOffset + index * 8, bytes, 'reftable-update');
    this.table[index] = blockOffset;
  }

  #sliceOf(cluster: HostCluster): Slice | null {
    const { refcountBlockEntries } = this.geometry;
    const tableIndex = Math.floor(cluster / refcountBlockEntries);
    const blockOffset = tableIndex < this.table.length ? this.table[tableIndex]! : 0;
    if (blockOffset === 0) return null;
    if (blockOffset % this.geometry.clusterSize !== 0) {
      this.onCorruption(`Refblock offset ${hex(blockOffset)} unaligned (reftable index: ${hex(tableIndex)})`);
    }
    const sliceIndex = Math.floor((cluster % refcountBlockEntries) / this.#entriesPerSlice);
    return this.blocks.get(blockOffset + sliceIndex * this.blocks.sliceSize);
  }
}

/** The bytes of a refcount table, from the host offsets of its blocks; 0 where there is none. */
export function encodeRefcountTable(blockOffsets: ArrayLike<HostOffset>): Uint8Array {
  const bytes = new Uint8Array(blockOffsets.length * 8);
  const view = viewOf(bytes);
  for (let index = 0; index < blockOffsets.length; index++) setU64(view, index * 8, blockOffsets[index]!);
  return bytes;
}

function readTable(file: ImageFile, offset: HostOffset, length: number): Float64Array {
  const bytes = new Uint8Array(length);
  file.event('reftable_load');
  StepFailure.during('Could not initialize refcount handling', () => file.read(offset, bytes));
  const view = viewOf(bytes);
  const table = new Float64Array(length / 8);
  for (let index = 0; index < table.length; index++) {
    table[index] = getU64(view, index * 8) - (view.getUint32(index * 8 + 4) & 0x1ff);
  }
  return table;
}
