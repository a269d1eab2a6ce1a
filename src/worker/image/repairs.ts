import {
  applyRepair,
  EngineError,
  planRepair,
  undoRepair,
  type LongTask,
  type RepairPlan,
  type Storage,
} from '#engine';
import type { CheckOutcome, ClusterMap, ImageId, RepairMode, RepairPreview, RepairResult } from '#protocol';
import { checkedMap, checkOutcome } from './check.ts';

interface PlannedRepair {
  readonly id: ImageId;
  readonly plan: RepairPlan;
  /** The image before the first step, once a step was applied. */
  before: { readonly outcome: CheckOutcome; readonly map: ClusterMap } | null;
  appliedCount: number;
}

/** A plan keeps the contents of what it frees; older ones than the last few are nobody's concern any more. */
const PLANS_MAX = 4;

/** Repairs that were shown to the user, to be applied step by step and taken back. */
export class Repairs {
  readonly #plans = new Map<string, PlannedRepair>();

  imageOf(planId: string): ImageId {
    return this.#planned(planId).id;
  }

  *plan(id: ImageId, storage: Storage, mode: RepairMode): LongTask<RepairPreview> {
    const plan = yield* planRepair(storage, mode, { isOneRun: true });
    const planId = crypto.randomUUID();
    this.#plans.set(planId, { id, plan, before: null, appliedCount: 0 });
    for (const oldest of [...this.#plans.keys()].slice(0, -PLANS_MAX)) this.#plans.delete(oldest);
    return { planId, mode, steps: plan.steps, refused: plan.refused };
  }

  /** Goes on with a plan up to its step `stepCount`, or to its end. Cancelling stops between two steps. */
  *apply(planId: string, storage: Storage, stepCount: number | null): LongTask<RepairResult> {
    const planned = this.#planned(planId);
    const before = (planned.before ??= yield* checkedMap(storage));
    yield* this.#applySteps(planned, storage, stepCount ?? planned.plan.steps.length);
    const after = yield* checkedMap(storage);
    return { before: before.outcome, mapBefore: before.map, after: after.outcome, mapAfter: after.map };
  }

  /** Takes back every step that was applied. */
  *undo(planId: string, storage: Storage): LongTask<CheckOutcome> {
    const planned = this.#planned(planId);
    yield* undoRepair(storage, planned.plan, planned.appliedCount);
    planned.appliedCount = 0;
    return yield* checkOutcome(storage);
  }

  /** The image is about to change in another way, which its plans do not know of. */
  forget(id: ImageId): void {
    for (const [planId, planned] of this.#plans) {
      if (planned.id === id) this.#plans.delete(planId);
    }
  }

  *#applySteps(planned: PlannedRepair, storage: Storage, stepCount: number): LongTask<void> {
    const task = applyRepair(storage, planned.plan, { from: planned.appliedCount, stepCount });
    for (let step = task.next(); step.done !== true; step = task.next()) {
      // Counted at once: a cancel may end this at any yield.
      planned.appliedCount = step.value.done;
      yield step.value;
    }
  }

  #planned(planId: string): PlannedRepair {
    const planned = this.#plans.get(planId);
    if (planned === undefined) {
      throw new EngineError('not-found', 'This plan is void: the image has changed since, or the page was reloaded.', {
        hint: 'Plan the repair again.',
      });
    }
    return planned;
  }
}
