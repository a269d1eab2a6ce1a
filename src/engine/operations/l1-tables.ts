import type { HostOffset } from '../format/addresses.ts';
import type { Image } from '../image/image.ts';
import { L1Table } from '../image/l1-table.ts';
import { judgeSnapshotL1 } from '../image/snapshot-l1.ts';

/** The active L1 table, then one for each snapshot. @throws EngineError too-large, invalid-image for one that cannot be a table */
export function* allL1Tables(image: Image): Generator<L1Table> {
  yield image.l1;
  for (const snapshot of image.snapshots) {
    judgeSnapshotL1(snapshot, image.geometry.clusterSize);
    yield L1Table.read(image.file, snapshot.l1TableOffset, snapshot.l1Size);
  }
}

/** Entries of all L1 tables: the unit in which work on all of them is counted. */
export function l1EntryCount({ l1, snapshots }: Image): number {
  return snapshots.reduce((total, { l1Size }) => total + l1Size, l1.entryCount);
}

export interface VisitedTable {
  /** 0 where the entry names no table. */
  readonly l2Offset: HostOffset;
  /** Of the entry in its L1 table. */
  readonly l1Index: number;
  /** L1 entries visited so far, this one included. */
  readonly visited: number;
}

/** All L1 entries of all tables in order; a table shared with a snapshot comes once for each. */
export function* allL2Tables(image: Image): Generator<VisitedTable> {
  let visited = 0;
  for (const l1 of allL1Tables(image)) {
    for (let index = 0; index < l1.entryCount; index++) {
      visited++;
      yield { l2Offset: l1.l2OffsetAt(index), l1Index: index, visited };
    }
  }
}
