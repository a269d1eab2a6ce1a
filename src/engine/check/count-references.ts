import {
  bitmapEntryProblem,
  bitmapTableEntryHasReservedBits,
  readBitmapDirectory,
  readBitmapTable,
  type BitmapEntry,
} from '../format/bitmap-directory.ts';
import { offsetOf } from '../format/l1-entry.ts';
import { HEADER } from '../format/header.ts';
import type { LuksExtension } from '../format/header-extensions.ts';
import { decodeLuksHeader, LUKS_HEADER_SIZE } from '../format/luks-header.ts';
import { printedName } from '../format/name.ts';
import { hasAlignedL1 } from '../format/snapshot-table.ts';
import type { LongTask } from '../progress.ts';
import { CheckAborted } from './check-log.ts';
import { countRegion, noteShared, type CheckPass } from './count-region.ts';
import { countRefcountBlocks } from './count-refcount-blocks.ts';
import { readBytes, type SnapshotList } from './subject.ts';
import { walkL1 } from './walk.ts';

/** L1 tables of snapshots larger than this are not read. */
export const L1_ENTRIES_MAX = (32 * 1024 * 1024) / 8;

/**
 * Counts every reference that the image holds, in QEMU's order: header, active tables, snapshots, snapshot table,
 * refcount table, encryption header, bitmaps, refcount blocks. Returns whether the refcount structures are broken so
 * that only new ones help.
 */
export function* countReferences(pass: CheckPass, snapshots: SnapshotList): LongTask<boolean> {
  const { head, header, geometry } = pass.subject;
  countRegion(pass, 0, geometry.clusterSize, 'exclusive', null);
  yield* walkL1(pass, { role: 'active', offset: header.l1TableOffset, entries: header.l1Size });
  yield* countSnapshots(pass, snapshots);
  noteUnderSnapshots(pass, snapshots);
  if (!countRegion(pass, snapshots.offset, snapshots.size, 'exclusive', headerField('snapshotsOffset'))) {
    pass.log.unknownReferences ??= 'The snapshot table lies outside the file.';
  }
  const tableSize = header.refcountTableClusters * geometry.clusterSize;
  if (!countRegion(pass, header.refcountTableOffset, tableSize, 'exclusive', headerField('refcountTableOffset'))) {
    pass.log.unknownReferences ??= 'The refcount table lies outside the file, at least in part.';
  }
  const { luks, dataFile } = head.extensions;
  if (luks !== null) countLuks(pass, luks);
  if (head.hasDataFile && dataFile === null) {
    // One wrong bit is enough to say so, and all data of the disk would be freed.
    pass.log.unknownReferences ??= 'The image says that its data is in another file, and names none.';
  }
  yield* countBitmaps(pass);
  return countRefcountBlocks(pass);
}

/** Without the key material of its header a disk is lost: a header that is not counted whole keeps all clusters. */
function countLuks(pass: CheckPass, { offset, length }: LuksExtension): void {
  const start = new Uint8Array(LUKS_HEADER_SIZE);
  readBytes(pass.subject.storage, offset, start);
  if (!countRegion(pass, offset, length, 'exclusive', null)) {
    pass.log.unknownReferences ??= 'The encryption header lies outside the file, at least in part.';
  } else if (decodeLuksHeader(start).payloadOffset * 512 > length) {
    pass.log.unknownReferences ??= 'The encryption header is longer than the image says.';
  }
}

function* countSnapshots(pass: CheckPass, snapshots: SnapshotList): LongTask<void> {
  const { head, geometry } = pass.subject;
  const count = snapshots.entries.length;
  if (head.hasDataFile && count > 0) {
    pass.log.corruption({
      kind: 'snapshot-table-invalid',
      message: `ERROR ${count} snapshots in image with data file`,
      mendedBy: 'nothing',
      at: { hostOffset: snapshots.offset, length: snapshots.size },
    });
  }
  for (const snapshot of snapshots.entries) {
    const { id, name, l1TableOffset, l1TableOffsetBits, l1Size } = snapshot;
    const problem = !hasAlignedL1(snapshot, geometry.clusterSize)
      ? `l1_offset=0x${l1TableOffsetBits.toString(16)}: L1 table is not cluster aligned`
      : l1Size > L1_ENTRIES_MAX
        ? `l1_size=0x${l1Size.toString(16)}: L1 table is too large`
        : null;
    if (problem === null) {
      yield* walkL1(pass, { role: 'snapshot', offset: l1TableOffset, entries: l1Size });
      continue;
    }
    pass.log.unknownReferences ??= `The L1 table of snapshot ${id} is not where a table can be.`;
    pass.log.corruption({
      kind: 'snapshot-l1-invalid',
      message: `ERROR snapshot ${printedName(id)} (${printedName(name)}) ${problem}; snapshot table entry corrupted`,
      mendedBy: 'nothing',
      at: { hostOffset: snapshots.offset, length: snapshots.size },
    });
  }
}

/**
 * What snapshots refer to may be shared, so walking them does not tell that one of them claims the header or an L1 table,
 * which were counted before: these belong to nobody else.
 */
function noteUnderSnapshots(pass: CheckPass, snapshots: SnapshotList): void {
  const { header, geometry } = pass.subject;
  if (snapshots.entries.length === 0) return;
  noteShared(pass, 0, geometry.clusterSize);
  noteShared(pass, header.l1TableOffset, header.l1Size * 8);
  for (const snapshot of snapshots.entries) {
    const isRead = hasAlignedL1(snapshot, geometry.clusterSize) && snapshot.l1Size <= L1_ENTRIES_MAX;
    if (isRead) noteShared(pass, snapshot.l1TableOffset, snapshot.l1Size * 8);
  }
}

/** A bitmap that cannot be read ends the check: nobody can tell which clusters belong to it. */
function* countBitmaps(pass: CheckPass): LongTask<void> {
  const { subject } = pass;
  const { bitmaps } = subject.head.extensions;
  if (bitmaps === null) return;
  const isInside = countRegion(pass, bitmaps.directoryOffset, bitmaps.directorySize, 'exclusive', null);
  const directory = readBitmapDirectory(subject.storage, bitmaps.directoryOffset, bitmaps.directorySize);
  const isSound =
    isInside &&
    !directory.isBroken &&
    directory.entries.length === bitmaps.bitmapCount &&
    directory.entries.every((entry) => isLoadable(pass, entry));
  if (!isSound) throw bitmapInvalid(pass, bitmaps.directoryOffset, bitmaps.directorySize);
  for (const [index, entry] of directory.entries.entries()) {
    countBitmap(pass, entry);
    yield { phase: 'bitmaps', done: index + 1, total: directory.entries.length };
  }
}

function isLoadable({ subject }: CheckPass, entry: BitmapEntry): boolean {
  if (entry.extraDataSize !== 0) return false;
  return bitmapEntryProblem(entry, subject.geometry.clusterSize, subject.header.virtualSize) === null;
}

function countBitmap(pass: CheckPass, entry: BitmapEntry): void {
  const { storage, geometry } = pass.subject;
  const tableHex = entry.tableOffsetBits.toString(16);
  if (!countRegion(pass, entry.tableOffset, entry.tableSize * 8, 'exclusive', null, tableHex)) {
    pass.log.unknownReferences ??= `The table of bitmap "${entry.name}" lies outside the file.`;
  }
  const isUnsound = (high: number, low: number) =>
    bitmapTableEntryHasReservedBits(high, low) || offsetOf(high, low) % geometry.clusterSize !== 0;
  for (const { halves } of readBitmapTable(storage, entry)) {
    for (let i = 0; i < halves.length; i += 2) {
      if (isUnsound(halves[i]!, halves[i + 1]!)) throw bitmapInvalid(pass, entry.tableOffset, entry.tableSize * 8);
    }
  }
  for (const { index, halves } of readBitmapTable(storage, entry)) {
    for (let i = 0; i < halves.length; i += 2) {
      const offset = offsetOf(halves[i]!, halves[i + 1]!);
      const pointer = { hostOffset: entry.tableOffset + (index + i / 2) * 8, length: 8 };
      if (offset !== 0) countRegion(pass, offset, geometry.clusterSize, 'exclusive', pointer);
    }
  }
}

/** QEMU prints nothing for it. */
function bitmapInvalid(pass: CheckPass, hostOffset: number, length: number): CheckAborted {
  pass.log.silentCorruption({ kind: 'bitmap-invalid', mendedBy: 'nothing', at: { hostOffset, length } });
  return new CheckAborted('Invalid argument');
}

function headerField(field: 'snapshotsOffset' | 'refcountTableOffset') {
  return { hostOffset: HEADER.fields[field].at, length: 8 };
}
