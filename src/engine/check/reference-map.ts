import { alignUp } from '../bytes/align.ts';
import type { HostCluster } from '../format/addresses.ts';

/** Low six bits of a byte: how often the cluster is referenced, up to {@link SPILLED}. */
export const COUNT_MASK = 0x3f;
/** The active tables refer to the cluster with the COPIED flag. */
export const ACTIVE_COPIED = 0x80;
/** The active tables refer to the cluster without the COPIED flag. */
export const ACTIVE_SHARED = 0x40;
export type ActiveFlag = typeof ACTIVE_COPIED | typeof ACTIVE_SHARED;
/** Counts from this value on stand elsewhere ({@link ReferenceMap.countOf} tells them). */
export const SPILLED = COUNT_MASK;
/** Four clusters in one word: their counts, and one more reference to each. */
const ALL_COUNTS = 0x3f3f3f3f;
const ONE_EACH = 0x01010101;
/** Clusters whose larger counts stand together; a power of two. */
const SPILL_PAGE = 4096;

/** From so many bytes on the built-in fill, and looking at several at once, are faster than a plain loop. */
const LONG_RUN_MIN = 16;

export interface ClusterRun {
  readonly first: HostCluster;
  readonly last: HostCluster;
}

/** More dangling entries than this are not remembered one by one. */
const DANGLING_MAX = 100_000;

/**
 * References to each host cluster, counted while the tables are walked: a byte a cluster, and four more where many snapshots
 * share clusters. Counting stops at `countMax`, the largest refcount that the image can hold.
 */
export class ReferenceMap {
  /** One a cluster; only this class writes them. */
  bytes: Uint8Array<ArrayBuffer>;
  /** The same bytes, four clusters at a time. */
  quads: Int32Array;
  /** Clusters counted so far; bytes behind it are zero. */
  clusterCount: number;
  readonly countMax: number;
  /** What entries claim behind the end of the file: not counted, and nothing to put new structures into. */
  dangling: ClusterRun[] = [];
  /** The nearest cluster with which a dangling claim ends. */
  #danglingEnd = Infinity;
  /** Large counts by pages of clusters. */
  readonly #spilled = new Map<number, Uint32Array>();
  /** The page that was used last. */
  #page: { readonly index: number; readonly counts: Uint32Array } = { index: -1, counts: new Uint32Array(0) };
  /** Bytes from here on were never written. Nobody needs to look whether they are zero, which would map their memory twice. */
  #freshFrom: HostCluster = 0;

  constructor(clusterCount: number, countMax: number) {
    this.bytes = new Uint8Array(capacityFor(clusterCount));
    this.quads = new Int32Array(this.bytes.buffer);
    this.clusterCount = clusterCount;
    this.countMax = countMax;
  }

  countOf(cluster: HostCluster): number {
    const count = cluster < this.clusterCount ? this.bytes[cluster]! & COUNT_MASK : 0;
    return count === SPILLED ? this.#pageOf(cluster)[cluster % SPILL_PAGE]! : count;
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
    this.bytes[cluster]! |= flag;
    if (cluster >= this.#freshFrom) this.#freshFrom = cluster + 1;
  }

  /** The first reference to a cluster, with a flag; false if somebody refers to it already, or it was not counted yet. */
  claimOne(cluster: HostCluster, flag: ActiveFlag): boolean {
    if (cluster >= this.clusterCount || this.bytes[cluster] !== 0) return false;
    this.bytes[cluster] = flag | 1;
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
    if (free < LONG_RUN_MIN) for (let cluster = first; cluster < end; cluster++) this.bytes[cluster] = flag | 1;
    else this.bytes.fill(flag | 1, first, end);
    if (end > this.#freshFrom) this.#freshFrom = end;
    return free;
  }

  /**
   * One more reference to each of `count` clusters from `first` on; ends before one whose counter is full, or that was not
   * counted yet. Returns how many it took.
   */
  addToEach(first: HostCluster, count: number): number {
    const end = Math.min(first + count, this.clusterCount);
    const limit = Math.min(this.countMax, SPILLED - 1);
    const { bytes } = this;
    let cluster = first;
    for (; cluster < end; cluster++) {
      if ((cluster & 3) === 0 && limit === SPILLED - 1) {
        cluster = this.#addToQuads(cluster, end);
        if (cluster === end) break;
      }
      const byte = bytes[cluster]!;
      if ((byte & COUNT_MASK) < limit) bytes[cluster] = byte + 1;
      else if ((byte & COUNT_MASK) !== SPILLED ? !this.add(cluster) : !this.#addSpilled(cluster)) break;
    }
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
    if (capacityFor(clusterCount) > this.bytes.length) {
      // With room to spare: what an entry claims behind the end is counted cluster by cluster.
      const bytes = new Uint8Array(capacityFor(Math.max(clusterCount, Math.floor(this.bytes.length * 1.25))));
      bytes.set(this.bytes);
      this.bytes = bytes;
      this.quads = new Int32Array(bytes.buffer);
    }
    this.clusterCount = clusterCount;
  }

  /** The last cluster of [start, end) with a reference, or null. */
  lastReferenced(start: HostCluster, end: HostCluster): HostCluster | null {
    for (let cluster = end - 1; cluster >= start; cluster--) {
      if ((this.bytes[cluster]! & COUNT_MASK) !== 0) return cluster;
    }
    return null;
  }

  /** How many clusters of `count` from `first` on have no reference and no flag, up to the first one that has. */
  #unreferencedFrom(first: HostCluster, count: number): number {
    const { bytes, quads } = this;
    if (count === 0 || bytes[first] !== 0) return 0;
    const end = first + count;
    let cluster = first + 1;
    if (count >= LONG_RUN_MIN) {
      while ((cluster & 3) !== 0 && bytes[cluster] === 0) cluster += 1;
      for (; (cluster & 3) === 0 && cluster + 16 <= end; cluster += 16) {
        const quad = cluster / 4;
        if ((quads[quad]! | quads[quad + 1]! | quads[quad + 2]! | quads[quad + 3]!) !== 0) break;
      }
    }
    while (cluster < end && bytes[cluster] === 0) cluster += 1;
    return cluster - first;
  }

  #setCount(cluster: HostCluster, count: number): void {
    const flags = this.bytes[cluster]! & ~COUNT_MASK;
    if (count >= SPILLED) this.#pageOf(cluster)[cluster % SPILL_PAGE] = count;
    this.bytes[cluster] = flags | Math.min(count, SPILLED);
    if (cluster >= this.#freshFrom) this.#freshFrom = cluster + 1;
  }

  /** Four clusters at a time, as long as each counter has room for more. Returns where it stopped. */
  #addToQuads(first: HostCluster, end: HostCluster): HostCluster {
    const { quads } = this;
    let cluster = first;
    // With two added, a counter that stands at 62 or 63 carries into the bit above it.
    while (cluster + 4 <= end && (((quads[cluster / 4]! & ALL_COUNTS) + 2 * ONE_EACH) & ~ALL_COUNTS) === 0) {
      quads[cluster / 4]! += ONE_EACH;
      cluster += 4;
    }
    return cluster;
  }

  #addSpilled(cluster: HostCluster): boolean {
    const counts = this.#pageOf(cluster);
    const count = counts[cluster % SPILL_PAGE]!;
    if (count >= this.countMax) return false;
    counts[cluster % SPILL_PAGE] = count + 1;
    return true;
  }

  #pageOf(cluster: HostCluster): Uint32Array {
    const index = Math.floor(cluster / SPILL_PAGE);
    if (this.#page.index !== index) {
      const counts = this.#spilled.get(index) ?? new Uint32Array(SPILL_PAGE);
      this.#spilled.set(index, counts);
      this.#page = { index, counts };
    }
    return this.#page.counts;
  }
}

/** Room for one cluster past the end, which a half-written last cluster may take, rounded up to whole quads. */
function capacityFor(clusterCount: number): number {
  return alignUp(clusterCount + 1, 4);
}
