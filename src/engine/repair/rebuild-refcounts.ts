import { setU64, viewOf } from '../bytes/big-endian.ts';
import type { ReferenceMap } from '../check/reference-map.ts';
import { COUNT_MASK } from '../check/reference-map.ts';
import type { Subject } from '../check/subject.ts';
import type { HostCluster, HostOffset } from '../format/addresses.ts';
import { setRefcount } from '../format/refcount-block.ts';
import type { LongTask } from '../progress.ts';
import type { PlanStorage } from './plan-storage.ts';

export interface RebuiltRefcounts {
  readonly tableOffset: HostOffset;
  readonly tableClusters: number;
  readonly table: Uint8Array;
}

/**
 * Writes refcount blocks that say what `map` counted into free clusters, and says which table would name them. The
 * places are those that QEMU chooses: a block in the first free cluster at or behind the start of the range that it
 * covers, then the table in the first free run of the image.
 */
export function* rebuildRefcounts(
  storage: PlanStorage,
  subject: Subject,
  map: ReferenceMap,
): LongTask<RebuiltRefcounts> {
  const { clusterSize } = subject.geometry;
  const blocks: number[] = [];
  countDangling(subject, map);
  let count = yield* placeBlocks(subject, map, blocks, { first: 0, end: map.clusterCount });
  let tableClusters: number;
  let first: HostCluster;
  for (;;) {
    tableClusters = Math.ceil((blocks.length * 8) / clusterSize);
    first = allocateRun(map, 0, tableClusters).cluster;
    const countBefore = tableClusters;
    // The table's own clusters may need a block that does not exist yet, and with it the table another cluster.
    count += yield* placeBlocks(subject, map, blocks, { first, end: first + tableClusters });
    if (Math.ceil((blocks.length * 8) / clusterSize) === countBefore) break;
  }
  yield* writeBlocks(storage, subject, map, blocks);
  storage.endStep('write-new-refcount-blocks', { count, messages: [] });

  const table = new Uint8Array(tableClusters * clusterSize);
  const view = viewOf(table);
  blocks.forEach((block, index) => setU64(view, index * 8, block * clusterSize));
  return { tableOffset: first * clusterSize, tableClusters, table };
}

/**
 * The file may grow now, and what entries claim closely behind its end would come to lie in it: such clusters are counted
 * as theirs, so that no new structure is put there. (QEMU puts one there, and the image is broken anew.)
 */
function countDangling({ geometry }: Subject, map: ReferenceMap): void {
  const blockCount = Math.ceil(map.clusterCount / geometry.refcountBlockEntries);
  const growthMax = 2 * blockCount + 16;
  let reach = map.clusterCount + growthMax;
  for (const { first, last } of map.dangling.toSorted((a, b) => a.first - b.first)) {
    if (first > reach) return;
    // A region of a wrong length, exabytes at worst. An image with one is not repaired, wherever new structures would come to lie.
    if (last - first > map.clusterCount + growthMax) continue;
    for (let cluster = first; cluster <= last; cluster++) map.add(cluster);
    reach = Math.max(reach, last + 1 + growthMax);
  }
}

/** Gives every block range with a reference in [first, end) a cluster for its block; returns how many were new. */
function* placeBlocks(
  { geometry }: Subject,
  map: ReferenceMap,
  blocks: number[],
  { first, end }: { first: HostCluster; end: HostCluster },
): LongTask<number> {
  const { refcountBlockEntries } = geometry;
  let count = 0;
  let firstFree = 0;
  let cluster = first;
  while (cluster < end) {
    if ((map.bytes[cluster]! & COUNT_MASK) === 0) {
      cluster += 1;
      continue;
    }
    const index = Math.floor(cluster / refcountBlockEntries);
    const start = index * refcountBlockEntries;
    if ((blocks[index] ?? 0) === 0) {
      const run = allocateRun(map, Math.max(firstFree, start), 1);
      firstFree = run.firstGap;
      while (blocks.length <= index) blocks.push(0);
      blocks[index] = run.cluster;
      // The block's own cluster needs a refcount as well.
      end = Math.max(end, run.cluster + 1);
      count += 1;
    }
    cluster = start + refcountBlockEntries;
    if (index % 256 === 255) yield { phase: 'rebuild', done: cluster, total: end };
  }
  return count;
}

/** Takes the first run of `length` clusters without references from `from` on, at the end of the file if need be. */
function allocateRun(map: ReferenceMap, from: HostCluster, length: number) {
  let firstGap = from;
  let hasGap = false;
  let free = 0;
  let cluster = from;
  for (; cluster < map.clusterCount && free < length; cluster++) {
    if ((map.bytes[cluster]! & COUNT_MASK) !== 0) {
      free = 0;
      continue;
    }
    free += 1;
    if (!hasGap) firstGap = cluster;
    hasGap = true;
  }
  const start = cluster - free;
  for (let i = 0; i < length; i++) map.allocate(start + i);
  // Without a gap all that was looked at is taken, and the next search need not begin there again.
  return { cluster: start, firstGap: hasGap ? firstGap : start };
}

function* writeBlocks(
  storage: PlanStorage,
  { geometry }: Subject,
  map: ReferenceMap,
  blocks: readonly number[],
): LongTask<void> {
  const { refcountBlockEntries, refcountBits, clusterSize } = geometry;
  const bytes = new Uint8Array(clusterSize);
  for (const [index, cluster] of blocks.entries()) {
    if (cluster === 0) continue;
    bytes.fill(0);
    const start = index * refcountBlockEntries;
    const end = Math.min(start + refcountBlockEntries, map.clusterCount);
    for (let i = start; i < end; i++) {
      const count = map.bytes[i]! === 0 ? 0 : map.countOf(i);
      if (count > 0) setRefcount(bytes, refcountBits, i - start, count);
    }
    storage.write(cluster * clusterSize, bytes, 'repair-refblock');
    if (index % 64 === 63) yield { phase: 'rebuild', done: index + 1, total: blocks.length };
  }
}
