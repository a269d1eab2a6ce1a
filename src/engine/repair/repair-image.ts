import type { CheckReport, RepairMode } from '../check/report.ts';
import type { LongTask } from '../progress.ts';
import type { Storage } from '../storage/storage.ts';
import { applyRepair } from './apply-repair.ts';
import { planRepair } from './plan-repair.ts';

export interface RepairResult {
  /** What was found, and the counters of the image as it is now. `aborted` is set when nothing could be done. */
  readonly report: CheckReport;
  readonly refused: string | null;
  readonly stepCount: number;
}

/** Plans a repair and applies it, as a writable open of a dirty image and `check -r` do. */
export function* repairImage(storage: Storage, mode: RepairMode): LongTask<RepairResult> {
  const plan = yield* planRepair(storage, mode, { keepsDiscarded: false, checksAgain: false });
  yield* applyRepair(storage, plan);
  return { report: plan.report, refused: plan.refused, stepCount: plan.steps.length };
}
