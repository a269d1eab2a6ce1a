import type { HostCluster } from '../format/addresses.ts';

/** Low 14 bits of a word: how often the cluster is referenced. */
export const COUNT_MASK = 0x3fff;
/** The active tables refer to the cluster with the COPIED flag. */
export const ACTIVE_COPIED = 0x8000;
/** The active tables refer to the cluster without the COPIED flag. */
export const ACTIVE_SHARED = 0x4000;
/** A count of this value stands in the spill map instead. */
const SPILLED = COUNT_MASK;

export interface ClusterRun {
  readonly first: HostCluster;
  readonly last: HostCluster;
}

/** More dangling entries than this are not remembered one by one. */
const DANGLING_MAX = 100_000;

/**
 * References to each host cluster, counted while the tables are walked: two bytes a cluster, counts beyond 14 bits
 * aside. Counting stops at `countMax`, the largest refcount that the image can hold.
 */
export class ReferenceMap {
  /** One word a cluster; its length is even, so that it can be compared two clusters at a time. */
  words: Uint16Array<ArrayBuffer>;
  /** Clusters counted so far; words behind it are zero. */
  clusterCount: number;
  readonly countMax: number;
  /** What entries claim behind the end of the file: not counted, and nothing to put new structures into. */
  readonly dangling: ClusterRun[] = [];
  readonly #spilled = new Map<HostCluster, number>();

  constructor(clusterCount: number, countMax: number) {
    this.words = new Uint16Array(capacityFor(clusterCount));
    this.clusterCount = clusterCount;
    this.countMax = countMax;
  }

  countOf(cluster: HostCluster): number {
    const count = cluster < this.clusterCount ? this.words[cluster]! & COUNT_MASK : 0;
    return count === SPILLED ? this.#spilled.get(cluster)! : count;
  }

  /** Adds one reference; false if the refcount width cannot hold it. */
  add(cluster: HostCluster): boolean {
    if (cluster >= this.clusterCount) this.grow(cluster + 1);
    const count = this.countOf(cluster);
    if (count >= this.countMax) return false;
    this.#setCount(cluster, count + 1);
    return true;
  }

  /** Takes a cluster that nobody refers to. */
  allocate(cluster: HostCluster): void {
    if (cluster >= this.clusterCount) this.grow(cluster + 1);
    this.#setCount(cluster, 1);
  }

  addDangling(run: ClusterRun): void {
    if (this.dangling.length < DANGLING_MAX) this.dangling.push(run);
  }

  grow(clusterCount: number): void {
    if (clusterCount <= this.clusterCount) return;
    if (capacityFor(clusterCount) > this.words.length) {
      // With room to spare: what an entry claims behind the end is counted cluster by cluster.
      const words = new Uint16Array(capacityFor(Math.max(clusterCount, Math.floor(this.words.length * 1.25))));
      words.set(this.words);
      this.words = words;
    }
    this.clusterCount = clusterCount;
  }

  /** The last cluster of [start, end) with a reference, or null. */
  lastReferenced(start: HostCluster, end: HostCluster): HostCluster | null {
    for (let cluster = end - 1; cluster >= start; cluster--) {
      if ((this.words[cluster]! & COUNT_MASK) !== 0) return cluster;
    }
    return null;
  }

  #setCount(cluster: HostCluster, count: number): void {
    const flags = this.words[cluster]! & ~COUNT_MASK;
    if (count >= SPILLED) this.#spilled.set(cluster, count);
    this.words[cluster] = flags | Math.min(count, SPILLED);
  }
}

/** Room for one cluster past the end, which a half-written last cluster may take, rounded up to an even length. */
function capacityFor(clusterCount: number): number {
  return clusterCount + 2 + (clusterCount & 1);
}
