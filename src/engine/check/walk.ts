import { viewOf } from '../bytes/big-endian.ts';
import type { HostOffset } from '../format/addresses.ts';
import { l1HasReservedBits, offsetOf } from '../format/l1-entry.ts';
import type { LongTask } from '../progress.ts';
import { CheckAborted } from './check-log.ts';
import { countRegion, type CheckPass } from './count-region.ts';
import { judgeL2Entry, type WalkState } from './judge-l2-entry.ts';
import { ACTIVE_COPIED, ACTIVE_SHARED, COUNT_MASK } from './reference-map.ts';
import { clusterOf, hexOfHalves, readBytes, readBytesOrFail } from './subject.ts';

/** An L1 table with everything below it. Only the active one counts for allocation and fragmentation. */
export interface L1Location {
  readonly role: 'active' | 'snapshot';
  readonly offset: HostOffset;
  readonly entries: number;
}

/** L2 tables that follow one another in the file are read together, up to this many bytes. */
const RUN_SIZE_MAX = 1024 * 1024;

/** Counts an L1 table, its L2 tables and all clusters that they map, and judges every entry on the way. */
export function* walkL1(pass: CheckPass, l1: L1Location): LongTask<void> {
  if (l1.entries === 0) return;
  const { storage, geometry } = pass.subject;
  if (!countRegion(pass, l1.offset, l1.entries * 8, 'exclusive', null)) {
    pass.log.unknownReferences ??= `${l1.role === 'active' ? 'The L1 table' : 'The L1 table of a snapshot'} lies outside the file.`;
  }
  const bytes = new Uint8Array(l1.entries * 8);
  readOrAbort(pass, 'l1', () => readBytesOrFail(storage, l1.offset, bytes));
  const view = viewOf(bytes);
  // A mender may change a table that another entry names as well, so each is read when its turn comes.
  const runTablesMax =
    pass.mender === null ? Math.min(Math.max(1, RUN_SIZE_MAX / geometry.clusterSize), l1.entries) : 1;
  const buffer = new Uint8Array(runTablesMax * geometry.clusterSize);

  for (let index = 0; index < l1.entries;) {
    const run = runAt(view, index, l1.entries, runTablesMax, geometry.clusterSize);
    if (run.count === 0) {
      index += 1;
      continue;
    }
    const tables = buffer.subarray(0, run.count * geometry.clusterSize);
    readOrAbort(pass, 'l2', () => readBytes(storage, run.offset, tables));
    for (let i = 0; i < run.count; i++) {
      const entry = { high: view.getUint32((index + i) * 8), low: view.getUint32((index + i) * 8 + 4) };
      judgeL1Entry(pass, l1, index + i, entry);
      const start = i * geometry.clusterSize;
      const table = tables.subarray(start, start + geometry.clusterSize);
      const at = run.offset + start;
      if (geometry.extendedL2) walkExtendedL2Table(pass, l1.role, at, table);
      else walkL2Table(pass, l1.role, at, table);
    }
    index += run.count;
    yield { phase: 'walk', done: index, total: l1.entries };
  }
}

/** How many L2 tables from L1 entry `index` on lie one behind the other; 0 if the entry is empty. */
function runAt(l1: DataView, index: number, entries: number, countMax: number, clusterSize: number) {
  const offset = offsetOf(l1.getUint32(index * 8), l1.getUint32(index * 8 + 4));
  const isEmpty = l1.getUint32(index * 8) === 0 && l1.getUint32(index * 8 + 4) === 0;
  if (isEmpty) return { offset, count: 0 };
  let count = 1;
  while (count < countMax && index + count < entries) {
    const at = (index + count) * 8;
    const next = offsetOf(l1.getUint32(at), l1.getUint32(at + 4));
    if (next === 0 || next !== offset + count * clusterSize) break;
    count += 1;
  }
  return { offset, count };
}

function judgeL1Entry(
  pass: CheckPass,
  l1: L1Location,
  index: number,
  { high, low }: { high: number; low: number },
): void {
  const { subject, log, map } = pass;
  const pointer = { hostOffset: l1.offset + index * 8, length: 8 };
  if (l1HasReservedBits(high, low)) {
    log.corruption({
      kind: 'l1-reserved-bits',
      message: `ERROR found L1 entry with reserved bits set: ${hexOfHalves(high, low)}`,
      mendedBy: 'nothing',
      at: pointer,
    });
  }
  const offset = offsetOf(high, low);
  const sharing = l1.role === 'active' ? 'exclusive' : 'shared';
  if (!countRegion(pass, offset, subject.geometry.clusterSize, sharing, pointer)) {
    log.unknownReferences ??= `L2 table ${index} lies outside the file.`;
  }
  if (offset % subject.geometry.clusterSize !== 0) {
    log.corruption({
      kind: 'l2-table-unaligned',
      message: `ERROR l2_offset=${offset.toString(16)}: Table is not cluster aligned; L1 entry corrupted`,
      mendedBy: 'nothing',
      at: pointer,
    });
    log.unknownReferences ??= `L2 table ${index} is not where a table can be.`;
    pass.needsCopiedPass = true;
  }
  const cluster = clusterOf(subject, offset);
  if (l1.role === 'snapshot') return;
  if (cluster >= map.clusterCount || offset === 0) pass.needsCopiedPass = true;
  else map.words[cluster]! |= (high & 0x80000000) !== 0 ? ACTIVE_COPIED : ACTIVE_SHARED;
}

/**
 * The hot loop: a plain entry costs a few operations and no call. Whatever is not plainly sound (flags, alignment, the
 * file's end, a second reference, a full counter) goes to the exact judgement.
 */
function walkL2Table(pass: CheckPass, role: L1Location['role'], tableOffset: HostOffset, table: Uint8Array): void {
  const { map, subject, log } = pass;
  let { words, clusterCount } = map;
  const { clusterBits, clusterSize, hasDataFile } = subject.geometry;
  const view = viewOf(table);
  const isActive = role === 'active';
  const countLimit = Math.min(map.countMax, COUNT_MASK - 1);
  const highShift = 32 - clusterBits;
  // Without flags, and so low that the cluster's index has at most 31 bits, as every file's has.
  // What stands in an external data file is no cluster of this one, so there nothing is plain.
  const plainHighLimit = hasDataFile ? 0 : 2 ** (clusterBits - 1);
  const offsetLowMask = clusterSize - 1;
  const state: WalkState = { nextCluster: 0, isTableAligned: tableOffset % clusterSize === 0 };
  let nextCluster = 0;
  let allocated = 0;
  let fragmented = 0;
  // Neighbours nearly always share their high half: what follows from it is worked out when it changes. A high half of
  // 0 starts with nothing known, since an entry of zeros is none.
  let known = 0;
  let isKnownPlain = false;
  let knownBase = 0;
  let knownWord = 0;

  for (let at = 0; at < clusterSize; at += 8) {
    // Signed, so that COPIED is the sign and everything stays a small integer.
    const high = view.getInt32(at);
    const low = view.getInt32(at + 4);
    if ((high | low) === 0) continue;
    if (high !== known || !isKnownPlain) {
      known = high;
      isKnownPlain = (high & 0x7fffffff) < plainHighLimit;
      knownBase = (high & 0xffffff) << highShift;
      knownWord = 1 | (high < 0 ? ACTIVE_COPIED : ACTIVE_SHARED);
    }
    const cluster = knownBase | (low >>> clusterBits);
    if (isKnownPlain && (low & offsetLowMask) === 0 && cluster < clusterCount && cluster !== 0) {
      const word = words[cluster]!;
      if (isActive && word === 0) {
        words[cluster] = knownWord;
        allocated += 1;
        if (cluster !== nextCluster && nextCluster !== 0) fragmented += 1;
        nextCluster = cluster + 1;
        continue;
      }
      if (!isActive && (word & COUNT_MASK) < countLimit) {
        words[cluster] = word + 1;
        continue;
      }
    }
    state.nextCluster = nextCluster;
    const index = at / 8;
    const entry = { at: tableOffset + at, index, high: high >>> 0, low: low >>> 0, allocMask: 0, zeroMask: 0 };
    judgeL2Entry(pass, role, state, entry);
    nextCluster = state.nextCluster;
    ({ words, clusterCount } = map);
  }
  log.counters.allocatedClusters += allocated;
  log.counters.fragmentedClusters += fragmented;
}

/** The same for 16-byte entries: the subcluster bitmap must not contradict itself. */
function walkExtendedL2Table(
  pass: CheckPass,
  role: L1Location['role'],
  tableOffset: HostOffset,
  table: Uint8Array,
): void {
  const { map, subject, log } = pass;
  let { words, clusterCount } = map;
  const { clusterBits, clusterSize, hasDataFile } = subject.geometry;
  const view = viewOf(table);
  const plainLimit = hasDataFile ? 0 : role === 'active' ? 1 : Math.min(map.countMax, COUNT_MASK - 1);
  const highShift = 2 ** (32 - clusterBits);
  const state: WalkState = { nextCluster: 0, isTableAligned: tableOffset % clusterSize === 0 };

  for (let at = 0; at < clusterSize; at += 16) {
    const high = view.getUint32(at);
    const low = view.getUint32(at + 4);
    const zeroMask = view.getUint32(at + 8);
    const allocMask = view.getUint32(at + 12);
    if ((high | low | allocMask) === 0) continue;
    const cluster = (high & 0xffffff) * highShift + (low >>> clusterBits);
    if (
      (high & 0x7f000000) === 0 &&
      (low & (clusterSize - 1)) === 0 &&
      (zeroMask & allocMask) === 0 &&
      cluster < clusterCount &&
      cluster !== 0 &&
      (words[cluster]! & COUNT_MASK) < plainLimit
    ) {
      words[cluster]! += 1;
      if (role === 'snapshot') continue;
      words[cluster]! |= high < 0x80000000 ? ACTIVE_SHARED : ACTIVE_COPIED;
      log.counters.allocatedClusters += 1;
      if (cluster !== state.nextCluster && state.nextCluster !== 0) log.counters.fragmentedClusters += 1;
      state.nextCluster = cluster + 1;
      continue;
    }
    judgeL2Entry(pass, role, state, { at: tableOffset + at, index: at / 16, high, low, allocMask, zeroMask });
    ({ words, clusterCount } = map);
  }
}

/** A table that cannot be read ends the check, as there is no telling what it refers to. */
function readOrAbort(pass: CheckPass, level: 'l1' | 'l2', read: () => void): void {
  try {
    read();
  } catch (error) {
    pass.log.checkError({
      kind: 'io-error',
      message: `ERROR: I/O error in check_refcounts_${level}`,
      mendedBy: 'nothing',
    });
    throw new CheckAborted('Input/output error', { cause: error });
  }
}
