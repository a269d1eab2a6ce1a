import type { ClusterMap, ClusterUse, Purpose } from '#engine';
import type { CostCounts } from './cost.ts';
import type { GuestOperation, Scenario } from './scenario.ts';

/** One entry of a structure that an event changes, for people: `L2[0][5]`, `0` → `0x50000 copied`. */
export interface StructureChange {
  readonly use: ClusterUse;
  /** `header dirty bit`, `L1[0]`, `L2[0][5]`, `refcount of cluster 5`, `cluster 5 sectors 0–7`. */
  readonly label: string;
  readonly before: string;
  readonly after: string;
  /** Bytes of the entry in the image file. */
  readonly at: number;
  readonly length: number;
}

/** One host I/O that the engine did. */
export interface RecordedEvent {
  /** Its index in the trace. */
  readonly seq: number;
  readonly kind: 'write' | 'flush' | 'discard' | 'truncate';
  /** Bytes; a truncate has its new size in `at`, a flush has zeros. */
  readonly at: number;
  readonly length: number;
  readonly purpose: Purpose;
  /** Index of the guest operation that caused it. */
  readonly operation: number;
  /** Flushes completed before it. */
  readonly epoch: number;
  /** What it touches, in a few words: `L2[0]`, `header`, `cluster 6`. */
  readonly label: string;
  /** 512-byte sectors that it changes; 0: it writes what stands there already. */
  readonly changedSectors: number;
  readonly changes: readonly StructureChange[];
  /** Changes left out of `changes` because there were too many. */
  readonly changesOmitted: number;
}

/** A guest operation as it ran. */
export interface RecordedOperation {
  readonly operation: GuestOperation;
  /** Such as `write 4 KiB at 0x1000`, `overwrite …` where every sector of it had been written before, `flush`. */
  readonly label: string;
  /** Its host I/O in one line: `DATA DIRTY F`, where F is a flush. */
  readonly sequence: string;
  /** Events before it began, and when it was acknowledged: its own events are [begin, end). */
  readonly begin: number;
  readonly end: number;
  /** The acknowledgement promises durability: of everything before (flush, close) or of this write (writethrough). */
  readonly isDurableAck: boolean;
  /** The engine's refusal, if it refused; the guest goes on. */
  readonly error: string | null;
}

export interface Recording {
  readonly scenario: Scenario;
  readonly operations: readonly RecordedOperation[];
  readonly events: readonly RecordedEvent[];
  /** Epochs, the open one at the end included. */
  readonly epochCount: number;
  readonly cost: CostCounts;
  readonly mapBefore: ClusterMap;
  readonly mapAfter: ClusterMap;
}
