import { viewOf } from '../bytes/big-endian.ts';
import { transferMemory } from '../bytes/transfer-memory.ts';
import type { HostOffset } from '../format/addresses.ts';
import { l1HasReservedBits, offsetOf } from '../format/l1-entry.ts';
import type { LongTask } from '../progress.ts';
import { Announcer } from '../storage/announcer.ts';
import { CheckAborted } from './check-log.ts';
import { countRegion, type CheckPass } from './count-region.ts';
import { clusterOf, hexOfHalves, readBytes, readBytesOrFail } from './subject.ts';
import { activeFlagOf, plainClusterOf, walkExtendedL2Table, walkL2Table } from './walk-l2-table.ts';

/** An L1 table with everything below it. Only the active one counts for allocation and fragmentation. */
export interface L1Location {
  readonly role: 'active' | 'snapshot';
  readonly offset: HostOffset;
  readonly entries: number;
}

/** L2 tables that follow one another in the file are read together, up to this many bytes. */
const RUN_SIZE_MAX = 1024 * 1024;
/** Tables between two reports of progress. */
const TABLES_PER_REPORT = 16;

/** Counts an L1 table, its L2 tables and all clusters that they map, and judges every entry on the way. */
export function* walkL1(pass: CheckPass, l1: L1Location): LongTask<void> {
  if (l1.entries === 0) return;
  const { storage, geometry } = pass.subject;
  const { clusterSize } = geometry;
  if (!countRegion(pass, l1.offset, l1.entries * 8, 'exclusive', null)) {
    pass.log.unknownReferences ??= `${l1.role === 'active' ? 'The L1 table' : 'The L1 table of a snapshot'} lies outside the file.`;
  }
  const bytes = new Uint8Array(l1.entries * 8);
  readOrAbort(pass, 'l1', () => readBytesOrFail(storage, l1.offset, bytes));
  const l1View = viewOf(bytes);
  // A mender may change a table that another entry names as well, so each is read when its turn comes.
  const runTablesMax = pass.mender === null ? Math.min(Math.max(1, RUN_SIZE_MAX / clusterSize), l1.entries) : 1;
  const buffer = transferMemory(runTablesMax * clusterSize);
  const view = viewOf(buffer);
  const walkTable = geometry.extendedL2 ? walkExtendedL2Table : walkL2Table;
  let tables = buffer;
  let reportAt = 0;
  const announcer = new Announcer(storage, {
    count: l1.entries,
    size: clusterSize,
    offsetAt: (index) => offsetOf(l1View.getUint32(index * 8), l1View.getUint32(index * 8 + 4)),
  });

  for (let index = 0; index < l1.entries;) {
    const count = runFrom(l1View, index, Math.min(runTablesMax, l1.entries - index), clusterSize);
    if (count === 0) {
      index += 1;
      continue;
    }
    announcer.reach(index);
    const offset = offsetOf(l1View.getUint32(index * 8), l1View.getUint32(index * 8 + 4));
    if (tables.length !== count * clusterSize) tables = buffer.subarray(0, count * clusterSize);
    readOrAbort(pass, 'l2', () => readBytes(storage, offset, tables));
    for (let i = 0; i < count; i++) {
      countL2Table(pass, l1, index + i, l1View);
      const start = i * clusterSize;
      walkTable(pass, l1.role, { offset: offset + start, view, start });
    }
    index += count;
    if (index < reportAt) continue;
    yield { phase: 'walk', done: index, total: l1.entries };
    reportAt = index + TABLES_PER_REPORT;
  }
}

/** How many L2 tables from L1 entry `index` on lie one behind the other; 0 if the entry is empty. */
function runFrom(l1: DataView, index: number, countMax: number, clusterSize: number): number {
  const offset = offsetOf(l1.getUint32(index * 8), l1.getUint32(index * 8 + 4));
  if (l1.getUint32(index * 8) === 0 && l1.getUint32(index * 8 + 4) === 0) return 0;
  let count = 1;
  while (count < countMax) {
    const at = (index + count) * 8;
    const next = offsetOf(l1.getUint32(at), l1.getUint32(at + 4));
    if (next === 0 || next !== offset + count * clusterSize) break;
    count += 1;
  }
  return count;
}

/** Counts the L2 table that an L1 entry names, and judges the entry unless it is plainly sound. */
function countL2Table(pass: CheckPass, l1: L1Location, index: number, view: DataView): void {
  const high = view.getInt32(index * 8);
  const low = view.getInt32(index * 8 + 4);
  const cluster = plainClusterOf(pass.subject.geometry.clusterBits, high, low);
  const isCounted =
    cluster !== 0 &&
    (l1.role === 'snapshot' ? pass.map.addToEach(cluster, 1) === 1 : pass.map.claimOne(cluster, activeFlagOf(high)));
  if (!isCounted) judgeL1Entry(pass, l1, index, { high: high >>> 0, low: low >>> 0 });
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
  // What was lost with the entry is unknown, and what the header seems to refer to changes with a repair.
  if (cluster === 0) log.unknownReferences ??= `L2 table ${index} lies in the header.`;
  if (l1.role === 'snapshot') return;
  if (cluster >= map.clusterCount || offset === 0) pass.needsCopiedPass = true;
  else map.flag(cluster, activeFlagOf(high));
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
