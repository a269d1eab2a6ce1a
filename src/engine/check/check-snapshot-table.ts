import { alignUp } from '../bytes/align.ts';
import { HEADER } from '../format/header.ts';
import {
  readSnapshotTable,
  SNAPSHOT_EXTRA_DATA_MAX,
  SNAPSHOT_TABLE_SIZE_MAX,
  SNAPSHOTS_MAX,
  type SnapshotEntry,
} from '../format/snapshot-table.ts';
import { isPointerAligned } from '../image/head-validation.ts';
import { CheckAborted, type CheckLog } from './check-log.ts';
import type { Mender } from './mender.ts';
import type { SnapshotList, Subject } from './subject.ts';

/** A version 3 entry must say at least the VM state's and the disk's size. */
const EXTRA_DATA_MIN = 16;

export interface SnapshotTableCheck extends SnapshotList {
  /** Corruptions that only a new snapshot table corrects, which is written last. */
  readonly pendingCorruptions: number;
}

/** Reads the snapshot table and judges it; what cannot be kept is cut off where the repair may do so. */
export function checkSnapshotTable(subject: Subject, log: CheckLog, mender: Mender | null): SnapshotTableCheck {
  const { header } = subject;
  const canFix = mender?.mode === 'all';
  let count = header.snapshotCount;
  let discarded = 0;
  if (count > SNAPSHOTS_MAX && canFix) {
    discarded = count - SNAPSHOTS_MAX;
    log.line(`Discarding ${discarded} overhanging snapshots`);
    count = SNAPSHOTS_MAX;
  }
  judgePlace(subject, log, count);

  const entries: SnapshotEntry[] = [];
  let corruptions = 0;
  // Summed up, as positions of a table far out are not exact.
  let size = 0;
  let keptSize = 0;
  for (const entry of readSnapshotTable(subject.storage, header.snapshotsOffset, count)) {
    const index = entries.length;
    if (entry.extraDataSize > SNAPSHOT_EXTRA_DATA_MAX) {
      if (!canFix) throw tooMuchExtraData(log, index);
      log.line(
        `Discarding too much extra metadata in snapshot table entry ${index} ` +
          `(${entry.extraDataSize} > ${SNAPSHOT_EXTRA_DATA_MAX})`,
      );
      corruptions += 1;
    }
    // The limit is for the table that will be: what goes of this entry makes room for later ones.
    keptSize = alignUp(keptSize, 8) + entry.length - Math.max(0, entry.extraDataSize - SNAPSHOT_EXTRA_DATA_MAX);
    if (keptSize > SNAPSHOT_TABLE_SIZE_MAX) {
      if (!canFix) throw tableTooBig(log, count - index);
      log.line(`Discarding ${count - index} overhanging snapshots (snapshot table is too big)`);
      discarded += count - index;
      break;
    }
    entries.push(entry);
    size = alignUp(size, 8) + entry.length;
  }
  if (discarded > 0) {
    mender!.cutSnapshots(entries.length);
    log.counters.corruptionsFixed += discarded;
  }
  log.counters.corruptions += corruptions;
  if (header.version >= 3) corruptions += judgeExtraData(entries, log, canFix, header.snapshotsOffset);
  return { offset: header.snapshotsOffset, size, entries, pendingCorruptions: corruptions };
}

function judgePlace({ storage, header, geometry }: Subject, log: CheckLog, count: number): void {
  const bytes = new Uint8Array(HEADER.size);
  storage.read(0, bytes);
  const isAligned = isPointerAligned(bytes, 'snapshotsOffset', geometry.clusterSize);
  const problem =
    count > SNAPSHOTS_MAX
      ? 'ERROR snapshot table too large'
      : !isAligned || header.snapshotsOffset >= 2 ** 63 - count * 40
        ? 'ERROR snapshot table offset invalid'
        : null;
  if (problem === null) return;
  log.checkError({
    kind: 'snapshot-table-invalid',
    message: `qemu-img: ${problem}`,
    mendedBy: count > SNAPSHOTS_MAX ? 'all' : 'nothing',
    at: { hostOffset: HEADER.fields.snapshotCount.at, length: 12 },
  });
  if (count > SNAPSHOTS_MAX) {
    log.line(`You can force-remove all ${count - SNAPSHOTS_MAX} overhanging snapshots with qemu-img check -r all`);
  }
  throw new CheckAborted(count > SNAPSHOTS_MAX ? 'File too large' : 'Invalid argument');
}

function tooMuchExtraData(log: CheckLog, index: number): CheckAborted {
  log.checkError({
    kind: 'snapshot-table-invalid',
    message:
      'qemu-img: ERROR failed to read the snapshot table: ' +
      `Too much extra metadata in snapshot table entry ${index}`,
    mendedBy: 'all',
  });
  log.line('You can force-remove this extra metadata with qemu-img check -r all');
  return new CheckAborted('File too large');
}

function tableTooBig(log: CheckLog, overhanging: number): CheckAborted {
  log.checkError({
    kind: 'snapshot-table-invalid',
    message: 'qemu-img: ERROR failed to read the snapshot table: Snapshot table is too big',
    mendedBy: 'all',
  });
  log.line(`You can force-remove all ${overhanging} overhanging snapshots with qemu-img check -r all`);
  return new CheckAborted('File too large');
}

function judgeExtraData(entries: readonly SnapshotEntry[], log: CheckLog, canFix: boolean, offset: number): number {
  let incomplete = 0;
  entries.forEach((entry, index) => {
    if (entry.extraDataSize >= EXTRA_DATA_MIN) return;
    incomplete += 1;
    log.corruption({
      kind: 'snapshot-table-incomplete',
      message: `${canFix ? 'Repairing' : 'ERROR'} snapshot table entry ${index} is incomplete`,
      mendedBy: 'all',
      at: { hostOffset: offset, length: entry.length },
    });
  });
  return incomplete;
}
