import type { HostCluster, HostOffset } from '../format/addresses.ts';
import { isCopied } from '../format/l1-entry.ts';
import { likeEntriesFrom } from '../format/l2-entry.ts';
import type { CheckPass } from './count-region.ts';
import { judgeL2Entry, type WalkState } from './judge-l2-entry.ts';
import { ACTIVE_COPIED, ACTIVE_SHARED, type ActiveFlag } from './reference-map.ts';
import type { L1Location } from './walk.ts';

/** An L2 table of the file whose bytes stand in `view`, from `start` on. */
export interface L2TableRead {
  readonly offset: HostOffset;
  readonly view: DataView;
  readonly start: number;
}

/**
 * The hot loop: entries that continue one another are told in a few operations each, and counted at once. Whatever is not
 * plainly sound (flags, alignment, the file's end, a second reference, a full counter) goes to the exact judgement.
 */
export function walkL2Table(pass: CheckPass, role: L1Location['role'], table: L2TableRead): void {
  const { map, subject, log } = pass;
  const { counters } = log;
  const { clusterBits, clusterSize, hasDataFile } = subject.geometry;
  const { view, start } = table;
  const end = start + clusterSize;
  const isActive = role === 'active';
  const state: WalkState = { nextCluster: 0, isTableAligned: table.offset % clusterSize === 0 };
  let nextCluster = 0;
  /** Entries up to here continue one another. */
  let runEnd = start;

  for (let at = start; at < end;) {
    // Signed, so that COPIED is the sign and everything stays a small integer.
    const high = view.getInt32(at);
    const low = view.getInt32(at + 4);
    if ((high | low) === 0) {
      at += 8;
      continue;
    }
    // What stands in an external data file is no cluster of this one, so there nothing is plain.
    const cluster = hasDataFile ? 0 : plainClusterOf(clusterBits, high, low);
    if (cluster !== 0) {
      // Clusters here and there cost mostly the waits for memory, and the less is done for each, the more waits overlap.
      const isSingle = at + 8 === end || view.getInt32(at + 12) !== ((low + clusterSize) | 0);
      if (isSingle && isActive && map.claimOne(cluster, activeFlagOf(high))) {
        at += 8;
        // Here and not behind the loop: of what comes behind a hot loop V8 knows nothing when it compiles the loop.
        counters.allocatedClusters += 1;
        if (cluster !== nextCluster && nextCluster !== 0) counters.fragmentedClusters += 1;
        nextCluster = cluster + 1;
        continue;
      }
      if (at >= runEnd) runEnd = at + likeEntriesFrom(view, at, (end - at) >>> 3, clusterSize) * 8;
      const count = (runEnd - at) >>> 3;
      if (!isActive) {
        const counted = map.addToEach(cluster, count);
        at += counted * 8;
        if (counted > 0) continue;
      } else {
        const claimed = map.claim(cluster, count, activeFlagOf(high));
        if (claimed > 0) {
          at += claimed * 8;
          counters.allocatedClusters += claimed;
          if (cluster !== nextCluster && nextCluster !== 0) counters.fragmentedClusters += 1;
          nextCluster = cluster + claimed;
          continue;
        }
      }
    }
    const index = (at - start) / 8;
    const entry = { at: table.offset + index * 8, index, high: high >>> 0, low: low >>> 0, allocMask: 0, zeroMask: 0 };
    state.nextCluster = nextCluster;
    judgeL2Entry(pass, role, state, entry);
    nextCluster = state.nextCluster;
    at += 8;
  }
}

/** The same for 16-byte entries: the subcluster bitmap must not contradict itself. */
export function walkExtendedL2Table(pass: CheckPass, role: L1Location['role'], table: L2TableRead): void {
  const { map, subject, log } = pass;
  const { clusterBits, clusterSize, hasDataFile } = subject.geometry;
  const { view, start } = table;
  const state: WalkState = { nextCluster: 0, isTableAligned: table.offset % clusterSize === 0 };

  for (let at = start; at < start + clusterSize; at += 16) {
    const high = view.getInt32(at);
    const low = view.getInt32(at + 4);
    const zeroMask = view.getUint32(at + 8);
    const allocMask = view.getUint32(at + 12);
    if ((high | low | allocMask) === 0) continue;
    const cluster = hasDataFile || (zeroMask & allocMask) !== 0 ? 0 : plainClusterOf(clusterBits, high, low);
    if (cluster !== 0) {
      if (role === 'snapshot') {
        if (map.addToEach(cluster, 1) === 1) continue;
      } else if (map.claimOne(cluster, activeFlagOf(high))) {
        log.counters.allocatedClusters += 1;
        if (cluster !== state.nextCluster && state.nextCluster !== 0) log.counters.fragmentedClusters += 1;
        state.nextCluster = cluster + 1;
        continue;
      }
    }
    const index = (at - start) / 16;
    const entry = { at: table.offset + index * 16, index, high: high >>> 0, low: low >>> 0, allocMask, zeroMask };
    judgeL2Entry(pass, role, state, entry);
  }
}

/**
 * The host cluster that an L1 or L2 entry names, if it says nothing else but COPIED, and the cluster's index has at most 31
 * bits, as in every file; else 0. `high` and `low` are the entry's halves, signed.
 */
export function plainClusterOf(clusterBits: number, high: number, low: number): HostCluster {
  if ((high & 0x7fffffff) >= 1 << (clusterBits - 1) || (low & ((1 << clusterBits) - 1)) !== 0) return 0;
  return ((high & 0xffffff) << (32 - clusterBits)) | (low >>> clusterBits);
}

export function activeFlagOf(high: number): ActiveFlag {
  return isCopied(high) ? ACTIVE_COPIED : ACTIVE_SHARED;
}
