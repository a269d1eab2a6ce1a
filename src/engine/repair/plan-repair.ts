import type { CheckReport, RepairMode } from '../check/report.ts';
import { runCheck, type CheckOptions } from '../check/run-check.ts';
import type { LongTask } from '../progress.ts';
import type { Storage } from '../storage/storage.ts';
import { PlanStorage } from './plan-storage.ts';
import { RepairPlanner } from './repair-planner.ts';
import type { RepairPlan } from './step.ts';

export interface PlanOptions extends CheckOptions {
  /** Keep the contents of freed clusters, so that the repair can be undone to the byte; default true. */
  readonly keepsDiscarded?: boolean;
  /** Check the image again as it will be; default true. */
  readonly checksAgain?: boolean;
  /**
   * Go on where QEMU marks the image corrupt and ends: where a refcount block is not aligned, its first run rebuilds the
   * refcounts, and what the old ones took is freed by a second. Default false.
   */
  readonly isOneRun?: boolean;
}

/** Thinks a repair through without writing: what `qemu-img check -r` would do, in an order that a power cut cannot hurt. */
export function* planRepair(storage: Storage, mode: RepairMode, options: PlanOptions = {}): LongTask<RepairPlan> {
  const planned = new PlanStorage(storage, { keepsDiscarded: options.keepsDiscarded ?? true });
  const planner = new RepairPlanner(planned, mode, options.isOneRun ?? false);
  const found = yield* runCheck(planned, planner, options);
  const plan = { mode, sizeBefore: storage.size };
  if (found.aborted !== null) {
    const refused = found.needsRebuild && mode === 'leaks' ? NEEDS_REBUILD : CHECK_ABORTED;
    const steps = planned.steps.filter(({ kind }) => kind === 'mark-corrupt');
    return { ...plan, steps, report: found, after: null, refused };
  }
  if (found.unknownReferences !== null && planner.dropsReferences) {
    const report = { ...(yield* runCheck(storage, null, options)), aborted: 'Input/output error' };
    const refused = `${found.unknownReferences} ${REFERENCES_UNKNOWN}`;
    return { ...plan, steps: [], report, after: null, refused };
  }
  planner.finish(found);
  const { counters } = found;
  const isFixed = counters.corruptionsFixed + counters.leaksFixed > 0;
  const checksAgain = isFixed && (options.checksAgain ?? true);
  let after: CheckReport | null = null;
  if (checksAgain && planner.hasEnded) after = { ...found, aborted: 'No medium found', findings: [], messages: [] };
  else if (checksAgain) after = yield* runCheck(planned, null, options);
  // Of an entry with two faults, mending one may have mended the other, which was counted.
  if (after !== null && planner.finish(after)) after = { ...after, isDirty: false, isMarkedCorrupt: false };
  return { ...plan, steps: planned.steps, report: found, after, refused: null };
}

const NEEDS_REBUILD =
  'The refcounts must be rebuilt, which freeing leaks alone does not do. Nothing was changed; choose the full repair.';
const CHECK_ABORTED =
  'The check could not get through the image, so what belongs to whom is not known. Nothing was changed.';
const REFERENCES_UNKNOWN =
  'What it refers to would look free, and a repair would give it away. Nothing was changed; copy what can be read first.';
