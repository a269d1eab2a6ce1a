import { EngineError } from '../errors.ts';
import { hasAlignedL1, type SnapshotEntry } from '../format/snapshot-table.ts';
import { L1_TABLE_SIZE_MAX } from './head-validation.ts';

/** @throws EngineError too-large, invalid-image before a snapshot's L1 table is read that cannot be one */
export function judgeSnapshotL1(snapshot: SnapshotEntry, clusterSize: number): void {
  if (snapshot.l1Size * 8 > L1_TABLE_SIZE_MAX) throw new EngineError('too-large', 'Snapshot L1 table too large');
  if (!hasAlignedL1(snapshot, clusterSize)) throw new EngineError('invalid-image', 'Snapshot L1 table offset invalid');
}
