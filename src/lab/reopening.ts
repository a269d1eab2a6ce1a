import type { CheckReport, ClusterMap, ClusterUse, Finding, RepairStepKind } from '#engine';
import type { GuestView } from './crash-state.ts';
import type { RecordedEvent } from './recording.ts';

/** What the engine read in a stage, by structure. */
export interface ReadSummary {
  readonly use: ClusterUse;
  readonly reads: number;
  readonly bytes: number;
  /** Host clusters touched, in order of first touch; at most 4096. */
  readonly clusters: readonly number[];
}

/** A moment of the repair player. Scan and compare read only; the others are the engine's own repair steps. */
export interface RepairStage {
  readonly kind: 'scan' | 'compare' | RepairStepKind;
  /** QEMU's lines of this stage. */
  readonly messages: readonly string[];
  readonly reads: readonly ReadSummary[];
  /** What the comparison found (`compare` only). */
  readonly findings: readonly Finding[];
  /** Its writes and flushes: `events` of the reopening in [begin, end). */
  readonly begin: number;
  readonly end: number;
  /** Host clusters or entries concerned. */
  readonly count: number;
  readonly mapAfter: ClusterMap;
}

/** Opening a crash image for writing, as the engine does it. */
export interface Reopening {
  /** clean: nothing to do · repaired · refused: the engine will not open it for writing. */
  readonly outcome: 'clean' | 'repaired' | 'refused';
  /** Set when refused. */
  readonly error: string | null;
  readonly mapBefore: ClusterMap;
  readonly stages: readonly RepairStage[];
  /** Host I/O of the repair; a further crash cuts this trace. */
  readonly events: readonly RecordedEvent[];
  readonly check: CheckReport;
  readonly isDirtyAfter: boolean;
  readonly guest: GuestView;
  /** Broken promises after the repair; empty with a sound engine. */
  readonly violations: readonly string[];
}
