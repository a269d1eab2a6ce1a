import type { CheckReport, ClusterMap, ClusterUse } from '#engine';

/** The smallest piece of the open epoch that persists or does not. */
export interface AtomView {
  readonly index: number;
  /** The event that wrote it. */
  readonly event: number;
  /** `sectors`: bytes [at, at + length); `size`: the file's new size in `at`; `hole`: a discarded range. */
  readonly kind: 'sectors' | 'size' | 'hole';
  readonly at: number;
  readonly length: number;
  readonly use: ClusterUse;
  /** Such as `cluster 6 sector 0`, `L2[0] entries 0–63`, `header sector 0`. */
  readonly label: string;
  readonly isPersisted: boolean;
}

/** One place of the image as engine memory, the disk's volatile cache and the media hold it; null: same as to the right. */
export interface PlaceRow {
  readonly use: ClusterUse;
  /** As in {@link StructureChange.label}. */
  readonly label: string;
  readonly memory: string | null;
  readonly cache: string | null;
  readonly media: string;
  readonly at: number;
  readonly length: number;
}

/**
 * What the guest finds in a run of sectors that it had written.
 *
 * | status | meaning |
 * |---|---|
 * | acked-present | acknowledged as durable, and there |
 * | pending-present | never acknowledged as durable, there all the same |
 * | pending-lost | never acknowledged as durable, lost: allowed |
 * | acked-lost | acknowledged as durable, and lost: a violation |
 * | foreign | something that was never written here: a violation |
 */
export const GUEST_STATUSES = ['acked-present', 'pending-present', 'pending-lost', 'acked-lost', 'foreign'] as const;
export type GuestStatus = (typeof GUEST_STATUSES)[number];

export interface GuestRun {
  readonly at: number;
  readonly length: number;
  readonly status: GuestStatus;
  /** The last operation before the cut that wrote here. */
  readonly writtenBy: number;
  /** What reads now: `operation 3`, `zeros`, `backing file`, `before the recording`. */
  readonly holds: string;
}

export interface GuestView {
  readonly runs: readonly GuestRun[];
  /** Sectors by status, in the order of {@link GUEST_STATUSES}. */
  readonly sectors: readonly number[];
  /** The image cannot even be read: the engine's message. */
  readonly unreadable: string | null;
}

/** safe: sound · leaks: space lost, no danger · repair: refcounts behind, dirty bit says so · violation: a promise broken. */
export const CRASH_VERDICTS = ['safe', 'leaks', 'repair', 'violation'] as const;
export type CrashVerdict = (typeof CRASH_VERDICTS)[number];

/** The image as the power cut left it. */
export interface CrashState {
  /** The last guest operation acknowledged before the cut, and the one that the cut interrupted; null: none. */
  readonly ackedOperation: number | null;
  readonly interruptedOperation: number | null;
  readonly epoch: number;
  /** Crash states that this cut can leave, as a power of two. */
  readonly stateCountLog2: number;
  readonly atoms: readonly AtomView[];
  readonly places: readonly PlaceRow[];
  readonly map: ClusterMap;
  readonly isDirty: boolean;
  readonly check: CheckReport;
  readonly verdict: CrashVerdict;
  /** The broken promises, one sentence each; empty with a sound engine. */
  readonly violations: readonly string[];
  readonly guest: GuestView;
  /** Bytes of the crash image. */
  readonly fileSize: number;
}
