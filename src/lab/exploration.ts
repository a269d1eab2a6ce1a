import type { Crash } from './scenario.ts';

export interface Violation {
  /** Such as `I2 clean means clean`. */
  readonly invariant: string;
  readonly sentence: string;
  readonly crashes: readonly Crash[];
}

/** All crash states of one epoch of a trace. */
export interface EpochSummary {
  readonly epoch: number;
  /** Events of the epoch: [begin, end). */
  readonly begin: number;
  readonly end: number;
  readonly atomCount: number;
  /** States checked, by verdict in the order of CRASH_VERDICTS. */
  readonly verdicts: readonly number[];
  /** All states were checked; otherwise a sample. */
  readonly isExhaustive: boolean;
}

export interface Exploration {
  readonly epochs: readonly EpochSummary[];
  readonly statesChecked: number;
  readonly distinctImages: number;
  /** Crash states of the repairs themselves. */
  readonly repairStatesChecked: number;
  /** The first ones found; `violationCount` counts all. */
  readonly violations: readonly Violation[];
  readonly violationCount: number;
}
