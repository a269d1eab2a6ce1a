import { EngineError, isEngineError } from '../errors.ts';
import type { HostCluster, HostOffset } from '../format/addresses.ts';
import type { MetadataGuard } from './metadata-guard.ts';
import { addRefcountBlock } from './refcount-growth.ts';
import type { Refcounts } from './refcounts.ts';
import type { TableCache } from './table-cache.ts';

/** Why clusters are freed: whether the file may give their space back (a guest discard), or keeps it for reuse. */
export interface FreeOptions {
  readonly punchHole: boolean;
}

/**
 * Hands out and takes back host clusters, first fit from a moving start, as QEMU does.
 *
 * Unlike QEMU it does not reuse a freed cluster at once. On disk the old mapping still points there until the L2 table
 * was written and flushed; reused earlier, a crash could leave two guest addresses on one cluster, one of them reading
 * the other's data. So freed clusters wait, first for the write of the L2 tables, then for the flush after it.
 */
export class Allocator {
  readonly refcounts: Refcounts;
  readonly l2Tables: TableCache;
  readonly guard: MetadataGuard;
  /** The first cluster to look at; every cluster below is in use or waits for its release. */
  freeIndex: HostCluster = 0;
  /** Called for a cluster that nobody refers to any more: what was planned for the rest of it is off. */
  onFreed: (cluster: HostCluster) => void = () => undefined;
  /** Told why clusters that should be free stay allocated. */
  onLeak: (cause: EngineError) => void = () => undefined;
  /** Freed clusters whose release is not durable yet, with the wish to punch a hole. */
  readonly #awaitingWrite = new Map<HostCluster, FreeOptions>();
  readonly #awaitingFlush = new Map<HostCluster, FreeOptions>();

  constructor(refcounts: Refcounts, l2Tables: TableCache, guard: MetadataGuard) {
    this.refcounts = refcounts;
    this.l2Tables = l2Tables;
    this.guard = guard;
  }

  /**
   * Allocates `count` contiguous clusters with refcount 1.
   * @param hostOffsetMax of the last byte, where what refers to the clusters cannot name all places
   * @returns the host offset of the first
   * @throws EngineError no-space when the image file cannot become larger, too-large when nothing is free up to the maximum
   */
  allocate(count: number, hostOffsetMax = Number.MAX_SAFE_INTEGER): HostOffset {
    this.refcounts.file.event('cluster_alloc');
    for (;;) {
      const first = this.findFree(count);
      if ((first + count) * this.#clusterSize - 1 > hostOffsetMax) {
        this.freeIndex = Math.min(this.freeIndex, first);
        throw new EngineError('too-large', `No ${count} clusters are free up to host offset ${hostOffsetMax}.`);
      }
      if (this.tryRaise(first, count)) return first * this.#clusterSize;
    }
  }

  /** Allocates as many of `count` clusters as are free directly at `hostOffset`; returns how many. */
  allocateAt(hostOffset: HostOffset, count: number): number {
    const first = hostOffset / this.#clusterSize;
    for (;;) {
      let available = 0;
      while (available < count && this.isFree(first + available)) available++;
      if (available === 0 || this.tryRaise(first, available)) return available;
    }
  }

  /** Finds `count` contiguous free clusters and moves the start behind them; does not change refcounts. */
  findFree(count: number): HostCluster {
    for (let found = 0; found < count; this.freeIndex++) {
      found = this.isFree(this.freeIndex) ? found + 1 : 0;
    }
    if (this.freeIndex * this.#clusterSize > Number.MAX_SAFE_INTEGER) {
      throw new EngineError('no-space', 'The image file would become larger than 2^53 bytes. Nothing was written.');
    }
    return this.freeIndex - count;
  }

  isFree(cluster: HostCluster): boolean {
    return this.refcounts.get(cluster) === 0 && !this.#awaitingWrite.has(cluster) && !this.#awaitingFlush.has(cluster);
  }

  /**
   * Raises the refcounts of free clusters to 1, unless a refcount block has to be made first: then it is made, and the
   * caller looks for free clusters again, since the new structures took some.
   */
  tryRaise(first: HostCluster, count: number): boolean {
    const { refcountBlockEntries } = this.refcounts.geometry;
    for (let cluster = first; cluster < first + count;) {
      this.refcounts.file.event('refblock_alloc');
      if (!this.refcounts.isCovered(cluster)) {
        addRefcountBlock(this, cluster);
        this.freeIndex = Math.min(this.freeIndex, first);
        return false;
      }
      this.refcounts.file.event('refblock_load');
      cluster = (Math.floor(cluster / refcountBlockEntries) + 1) * refcountBlockEntries;
    }
    this.refcounts.add(first, count, 1);
    return true;
  }

  /** Raises refcounts of clusters already in use (snapshots, shared compressed clusters). */
  reference(hostOffset: HostOffset, count: number): void {
    this.refcounts.add(hostOffset / this.#clusterSize, count, 1);
  }

  /**
   * Frees `count` clusters that their user let go: a refcount that cannot be read or lowered any more costs space, no
   * data, so what was done before is no failure because of it.
   */
  free(hostOffset: HostOffset, count: number, options: FreeOptions = { punchHole: false }): void {
    try {
      this.refcounts.file.event('cluster_free');
      this.lower(hostOffset, count, options);
    } catch (error) {
      if (!isEngineError(error)) throw error;
      this.onLeak(error);
    }
  }

  /** Lowers the refcounts of `count` clusters; those that reach 0 can be reused once their release is durable. */
  lower(hostOffset: HostOffset, count: number, options: FreeOptions): void {
    this.refcounts.file.event('refblock_alloc');
    this.refcounts.file.event('refblock_load');
    const first = hostOffset / this.#clusterSize;
    // Counted from 0: far out, where only a broken image points, one cluster more is the same number.
    for (let index = 0; index < count; index++) {
      const cluster = first + index;
      // A refcount of 0 here was wrong before; lowering it further is impossible and nothing is lost by leaving it.
      if (this.refcounts.get(cluster) === 0) continue;
      this.refcounts.add(cluster, 1, -1);
      if (this.refcounts.get(cluster) > 0) continue;
      this.#awaitingWrite.set(cluster, options);
      this.onFreed(cluster);
    }
  }

  /** Like {@link free}, for clusters that nothing on disk refers to any more: they can be reused at once. */
  freeUnreferenced(hostOffset: HostOffset, count: number): void {
    this.free(hostOffset, count);
    for (let index = 0; index < count; index++) {
      const cluster = hostOffset / this.#clusterSize + index;
      if (this.#awaitingWrite.delete(cluster)) this.#release(cluster);
    }
  }

  /** Takes back the cluster of a refcount block that the table names no more; if it counted itself, it is free already. */
  freeRefcountBlock(hostOffset: HostOffset): void {
    const cluster = hostOffset / this.#clusterSize;
    if (this.refcounts.get(cluster) > 0) this.refcounts.add(cluster, 1, -1);
    this.#release(cluster);
  }

  /** To be called when all L2 tables were written: their old content is gone once the next flush is done. */
  noteTablesWritten(): void {
    for (const [cluster, options] of this.#awaitingWrite) this.#awaitingFlush.set(cluster, options);
    this.#awaitingWrite.clear();
  }

  /** To be called after a flush: what was freed and written before it is free now. */
  noteFlushed(): void {
    if (this.#awaitingFlush.size === 0) return;
    const released = [...this.#awaitingFlush].sort(([a], [b]) => a - b);
    this.#awaitingFlush.clear();
    for (const [cluster] of released) this.#release(cluster);
    this.#punchHoles(released.filter(([, { punchHole }]) => punchHole).map(([cluster]) => cluster));
  }

  /** The image was laid out anew: whatever waited for its release is free, and the search begins at the start. */
  startOver(): void {
    this.#awaitingWrite.clear();
    this.#awaitingFlush.clear();
    this.freeIndex = 0;
  }

  /** Freed clusters that wait for their release to be durable. */
  get waitingCount(): number {
    return this.#awaitingWrite.size + this.#awaitingFlush.size;
  }

  /** Whether `count` clusters in a row before `end` are free as soon as the freed ones need not wait any more. */
  willFitOnceReleased(count: number, end: HostCluster): boolean {
    const isUnused = (cluster: HostCluster) => cluster >= 0 && cluster < end && this.refcounts.get(cluster) === 0;
    for (const cluster of [...this.#awaitingWrite.keys(), ...this.#awaitingFlush.keys()]) {
      let first = cluster;
      while (cluster - first < count - 1 && isUnused(first - 1)) first--;
      let next = cluster + 1;
      while (next - first < count && isUnused(next)) next++;
      if (next - first >= count) return true;
    }
    return false;
  }

  #release(cluster: HostCluster): void {
    this.l2Tables.drop(cluster * this.#clusterSize, this.#clusterSize);
    this.refcounts.blocks.drop(cluster * this.#clusterSize, this.#clusterSize);
    this.guard.remove(cluster);
    this.freeIndex = Math.min(this.freeIndex, cluster);
  }

  #punchHoles(clusters: HostCluster[]): void {
    for (let first = 0; first < clusters.length;) {
      let next = first + 1;
      while (next < clusters.length && clusters[next] === clusters[next - 1]! + 1) next++;
      const length = (next - first) * this.#clusterSize;
      this.refcounts.file.discard(clusters[first]! * this.#clusterSize, length, 'discard');
      first = next;
    }
  }

  get #clusterSize(): number {
    return this.refcounts.geometry.clusterSize;
  }
}
