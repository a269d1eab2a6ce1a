import type { HostCluster } from '../format/addresses.ts';

/** Low 14 bits of a word: how often the cluster is referenced. */
export const COUNT_MASK = 0x3fff;
/** The active tables refer to the cluster with the COPIED flag. */
export const ACTIVE_COPIED = 0x8000;
/** The active tables refer to the cluster without the COPIED flag. */
export const ACTIVE_SHARED = 0x4000;
export type ActiveFlag = typeof ACTIVE_COPIED | typeof ACTIVE_SHARED;
/** A count of this value stands in the spill map instead. */
const SPILLED = COUNT_MASK;

/** From so many words on the built-in fill, and looking at several at once, are faster than a plain loop. */
const LONG_RUN_MIN = 16;

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
  /** One word a cluster; only this class writes them. */
  words: Uint16Array<ArrayBuffer>;
  /** The same words, two clusters at a time. */
  pairs: Int32Array;
  /** Clusters counted so far; words behind it are zero. */
  clusterCount: number;
  readonly countMax: number;
  /** What entries claim behind the end of the file: not counted, and nothing to put new structures into. */
  dangling: ClusterRun[] = [];
  /** The nearest cluster with which a dangling claim ends. */
  #danglingEnd = Infinity;
  readonly #spilled = new Map<HostCluster, number>();
  /** Words from here on were never written. Nobody needs to look whether they are zero, which would map their memory twice. */
  #freshFrom: HostCluster = 0;

  constructor(clusterCount: number, countMax: number) {
    this.words = new Uint16Array(capacityFor(clusterCount));
    this.pairs = new Int32Array(this.words.buffer);
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

  /** Notes that the active tables refer to a cluster, which was counted already. */
  flag(cluster: HostCluster, flag: ActiveFlag): void {
    this.words[cluster]! |= flag;
    if (cluster >= this.#freshFrom) this.#freshFrom = cluster + 1;
  }

  /** The first reference to a cluster, with a flag; false if somebody refers to it already, or it was not counted yet. */
  claimOne(cluster: HostCluster, flag: ActiveFlag): boolean {
    if (cluster >= this.clusterCount || this.words[cluster] !== 0) return false;
    this.words[cluster] = flag | 1;
    if (cluster >= this.#freshFrom) this.#freshFrom = cluster + 1;
    return true;
  }

  /**
   * The first reference to each of `count` clusters from `first` on, with a flag; ends before a cluster that somebody
   * refers to already, or that was not counted yet. Returns how many it took.
   */
  claim(first: HostCluster, count: number, flag: ActiveFlag): number {
    if (first >= this.clusterCount) return 0;
    const countMax = Math.min(count, this.clusterCount - first);
    const free = first >= this.#freshFrom ? countMax : this.#unreferencedFrom(first, countMax);
    const end = first + free;
    if (free < LONG_RUN_MIN) for (let cluster = first; cluster < end; cluster++) this.words[cluster] = flag | 1;
    else this.words.fill(flag | 1, first, end);
    if (end > this.#freshFrom) this.#freshFrom = end;
    return free;
  }

  /**
   * One more reference to each of `count` clusters from `first` on; ends before one whose count needs more than a word, or
   * that was not counted yet. Returns how many it took.
   */
  addToEach(first: HostCluster, count: number): number {
    const end = Math.min(first + count, this.clusterCount);
    const limit = Math.min(this.countMax, SPILLED - 1);
    let cluster = first;
    while (cluster < end && (this.words[cluster]! & COUNT_MASK) < limit) this.words[cluster++]! += 1;
    if (cluster > this.#freshFrom) this.#freshFrom = cluster;
    return cluster - first;
  }

  /** Takes a cluster that nobody refers to. */
  allocate(cluster: HostCluster): void {
    if (cluster >= this.clusterCount) this.grow(cluster + 1);
    this.#setCount(cluster, 1);
  }

  addDangling(run: ClusterRun): void {
    if (this.dangling.length >= DANGLING_MAX) return;
    this.dangling.push(run);
    this.#danglingEnd = Math.min(this.#danglingEnd, run.last);
  }

  /** The file has grown to `clusterCount`: claims that lie in it now are references like others. */
  growFile(clusterCount: number): void {
    this.grow(clusterCount);
    if (this.#danglingEnd >= clusterCount) return;
    const claims = this.dangling;
    this.dangling = [];
    this.#danglingEnd = Infinity;
    for (const claim of claims) {
      if (claim.last >= clusterCount) this.addDangling(claim);
      else for (let cluster = claim.first; cluster <= claim.last; cluster++) this.add(cluster);
    }
  }

  grow(clusterCount: number): void {
    if (clusterCount <= this.clusterCount) return;
    if (capacityFor(clusterCount) > this.words.length) {
      // With room to spare: what an entry claims behind the end is counted cluster by cluster.
      const words = new Uint16Array(capacityFor(Math.max(clusterCount, Math.floor(this.words.length * 1.25))));
      words.set(this.words);
      this.words = words;
      this.pairs = new Int32Array(words.buffer);
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

  /** How many clusters of `count` from `first` on have no reference and no flag, up to the first one that has. */
  #unreferencedFrom(first: HostCluster, count: number): number {
    const { words, pairs } = this;
    if (count === 0 || words[first] !== 0) return 0;
    const end = first + count;
    let cluster = first + 1;
    if (count >= LONG_RUN_MIN) {
      if ((cluster & 1) !== 0 && words[cluster] === 0) cluster += 1;
      for (; (cluster & 1) === 0 && cluster + 8 <= end; cluster += 8) {
        const pair = cluster >>> 1;
        if ((pairs[pair]! | pairs[pair + 1]! | pairs[pair + 2]! | pairs[pair + 3]!) !== 0) break;
      }
    }
    while (cluster < end && words[cluster] === 0) cluster += 1;
    return cluster - first;
  }

  #setCount(cluster: HostCluster, count: number): void {
    const flags = this.words[cluster]! & ~COUNT_MASK;
    if (count >= SPILLED) this.#spilled.set(cluster, count);
    this.words[cluster] = flags | Math.min(count, SPILLED);
    if (cluster >= this.#freshFrom) this.#freshFrom = cluster + 1;
  }
}

/** Room for one cluster past the end, which a half-written last cluster may take, rounded up to an even length. */
function capacityFor(clusterCount: number): number {
  return clusterCount + 2 + (clusterCount & 1);
}
