import type { HostOffset } from '../format/addresses.ts';
import { isCopied, offsetOf } from '../format/l1-entry.ts';
import { compressedExtentOf, l2HasReservedBits, l2KindOf } from '../format/l2-entry.ts';
import { overlapFound } from './check-log.ts';
import { countRegion, reportBeyondEnd, type CheckPass } from './count-region.ts';
import type { L1Location } from './walk.ts';
import { ACTIVE_COPIED, ACTIVE_SHARED } from './reference-map.ts';
import { clusterOf, fileLengthOf, hexOfHalves } from './subject.ts';

/** What is remembered from one entry of a table to the next. */
export interface WalkState {
  /** The cluster that would continue the previous data cluster of this table; 0 before the first one. */
  nextCluster: number;
  /** A table between clusters may be somebody's data: nothing is mended in it. */
  readonly isTableAligned: boolean;
}

/** An L2 entry as it stands in the image; the masks are 0 without extended L2. */
export interface L2EntryAt {
  readonly at: HostOffset;
  /** In its table. */
  readonly index: number;
  readonly high: number;
  readonly low: number;
  readonly allocMask: number;
  readonly zeroMask: number;
}

/** Judges any L2 entry exactly, counts what it refers to, and has it mended where that loses nothing. */
export function judgeL2Entry(pass: CheckPass, role: L1Location['role'], state: WalkState, entry: L2EntryAt): void {
  const { subject, log } = pass;
  const { high, low, allocMask } = entry;
  const kind = l2KindOf(pass.subject.geometry, entry.high, entry.low);
  const pointer = { hostOffset: entry.at, length: subject.geometry.l2EntrySize };
  if (kind === 'compressed') {
    judgeCompressed(pass, role, entry);
    return;
  }
  if (l2HasReservedBits(high, low)) {
    log.corruption({
      kind: 'l2-reserved-bits',
      message: `ERROR found l2 entry with reserved bits set: ${hexOfHalves(high, low)}`,
      mendedBy: 'nothing',
      at: pointer,
    });
  }
  if (kind === 'normal' || kind === 'zero-alloc') {
    judgeAllocated(pass, role, state, entry);
  } else if (allocMask !== 0) {
    log.corruption({
      kind: 'subcluster-bitmap-invalid',
      message: 'ERROR: Unallocated cluster has non-zero subcluster allocation map',
      mendedBy: 'nothing',
      at: pointer,
    });
  }
}

function judgeCompressed(pass: CheckPass, role: L1Location['role'], entry: L2EntryAt): void {
  const { subject, log } = pass;
  const { geometry } = subject;
  const { low, index, allocMask, zeroMask } = entry;
  const pointer = { hostOffset: entry.at, length: geometry.l2EntrySize };
  const shift = geometry.compressedSizeShift - 32;
  const offsetHex = hexOfHalves(entry.high & ((1 << shift) - 1), low);
  if (isCopied(entry.high)) {
    log.corruption({
      kind: 'compressed-copied',
      message: `ERROR: coffset=0x${offsetHex}: copied flag must never be set for compressed clusters`,
      mendedBy: 'nothing',
      at: pointer,
    });
  }
  const high = entry.high & 0x7fffffff;
  if (subject.head.hasDataFile) {
    log.corruption({
      kind: 'compressed-with-data-file',
      message: `ERROR compressed cluster ${index} with data file, entry=0x${hexOfHalves(high, low)}`,
      mendedBy: 'nothing',
      at: pointer,
    });
    return;
  }
  if ((allocMask | zeroMask) !== 0) {
    log.corruption({
      kind: 'compressed-with-bitmap',
      message:
        `ERROR compressed cluster ${index} with non-zero subcluster allocation bitmap, ` +
        `entry=0x${hexOfHalves(high, low)}`,
      mendedBy: 'nothing',
      at: pointer,
    });
    // The guest reads the data all the same: a repair must not take it for lost and free it.
  }
  const { hostOffset, lengthMax } = compressedExtentOf(geometry, high, low);
  if (hostOffset + lengthMax - fileLengthOf(subject) >= geometry.clusterSize) {
    reportBeyondEnd(pass, offsetHex, lengthMax, pointer, false);
    pass.map.addDangling({
      first: clusterOf(subject, hostOffset),
      last: clusterOf(subject, hostOffset + lengthMax - 1),
    });
  } else {
    countRegion(pass, hostOffset, lengthMax, role === 'active' ? 'compressed' : 'shared', pointer);
  }
  if (role === 'snapshot') return;
  log.counters.allocatedClusters += 1;
  log.counters.compressedClusters += 1;
  log.counters.fragmentedClusters += 1;
}

function judgeAllocated(pass: CheckPass, role: L1Location['role'], state: WalkState, entry: L2EntryAt): void {
  const { subject, log, map } = pass;
  const { geometry } = subject;
  const { clusterSize } = geometry;
  const { high, low, allocMask, zeroMask } = entry;
  const offset = offsetOf(high, low);
  const pointer = { hostOffset: entry.at, length: geometry.l2EntrySize };
  if ((allocMask & zeroMask) !== 0) {
    log.corruption({
      kind: 'subcluster-bitmap-invalid',
      message: `ERROR offset=${offset.toString(16)}: Allocated cluster has corrupted subcluster allocation bitmap`,
      mendedBy: 'nothing',
      at: pointer,
    });
  }
  const isAligned = offset % clusterSize === 0;
  if (!isAligned) {
    pass.needsCopiedPass = true;
    if (judgeUnaligned(pass, state, entry, offset)) return;
  }
  if (role === 'active') {
    log.counters.allocatedClusters += 1;
    const cluster = offset / clusterSize;
    if (state.nextCluster !== 0 && state.nextCluster !== cluster) log.counters.fragmentedClusters += 1;
    state.nextCluster = cluster + 1;
  }
  if (subject.head.hasDataFile) {
    pass.needsCopiedPass = true;
    return;
  }
  countRegion(pass, offset, clusterSize, role === 'active' ? 'exclusive' : 'shared', pointer);
  if (role === 'snapshot') return;
  const cluster = clusterOf(subject, offset);
  if (cluster >= map.clusterCount) pass.needsCopiedPass = true;
  else map.flag(cluster, isCopied(high) ? ACTIVE_COPIED : ACTIVE_SHARED);
}

/** Returns true if the entry was mended, so that it no longer refers to anything. */
function judgeUnaligned(
  { subject, log, mender }: CheckPass,
  { isTableAligned }: WalkState,
  entry: L2EntryAt,
  offset: HostOffset,
): boolean {
  const { geometry } = subject;
  const pointer = { hostOffset: entry.at, length: geometry.l2EntrySize };
  const containsData = geometry.extendedL2 ? entry.allocMask !== 0 : (entry.low & 1) === 0;
  if (containsData) {
    log.corruption({
      kind: 'data-cluster-unaligned',
      message: `ERROR offset=${offset.toString(16)}: Data cluster is not properly aligned; L2 entry corrupted.`,
      mendedBy: 'nothing',
      at: pointer,
    });
    return false;
  }
  const text = `offset=${offset.toString(16)}: Preallocated cluster is not properly aligned; L2 entry corrupted.`;
  if (mender?.mode !== 'all' || !isTableAligned) {
    log.corruption({
      kind: 'preallocated-cluster-unaligned',
      message: `ERROR ${text}`,
      mendedBy: isTableAligned ? 'all' : 'nothing',
      at: pointer,
    });
    return false;
  }
  const finding = {
    kind: 'preallocated-cluster-unaligned',
    message: `Repairing ${text}`,
    mendedBy: 'all',
    at: pointer,
  } as const;
  const overlapped = mender.structureUnder(entry.at - (entry.at % geometry.clusterSize));
  if (overlapped !== null) {
    log.line(finding.message);
    throw overlapFound(log, overlapped, 'ERROR: Overlap check failed');
  }
  mender.zeroL2Entry(entry.at, zeroPlainEntry(geometry.l2EntrySize, entry));
  log.mended('corruption', finding);
  return true;
}

/** An entry that reads as the old one did, without a host cluster. */
function zeroPlainEntry(entrySize: number, { zeroMask, allocMask }: L2EntryAt): Uint8Array {
  const entry = new Uint8Array(entrySize);
  if (entrySize === 8) {
    entry[7] = 1;
    return entry;
  }
  // Subclusters that had data cannot be saved and were ruled out; those that read as zeros go on doing so.
  new DataView(entry.buffer).setUint32(8, (zeroMask | allocMask) >>> 0);
  return entry;
}
