import { EngineError } from '../errors.ts';
import type { LongTask } from '../progress.ts';
import type { Storage } from '../storage/storage.ts';
import { RepairFailure } from './repair-failure.ts';
import type { RepairPlan, RepairStep, RepairWrite } from './step.ts';

export interface ApplyOptions {
  /** Steps that were applied before. */
  readonly from?: number;
  /** Apply up to this many steps of the plan, all by default. */
  readonly stepCount?: number;
}

/**
 * Applies steps of a plan, each made durable before the next begins. Returns how many steps of the plan are applied now.
 * Refuses an image that is not the one the plan was made for.
 * @throws RepairFailure where the storage fails
 */
export function* applyRepair(storage: Storage, plan: RepairPlan, options: ApplyOptions = {}): LongTask<number> {
  const from = options.from ?? 0;
  const end = Math.min(options.stepCount ?? plan.steps.length, plan.steps.length);
  for (let index = from; index < end; index++) {
    applyStep(storage, plan, index);
    yield { phase: 'repair', done: index + 1, total: plan.steps.length };
  }
  return Math.max(from, end);
}

/** Takes back the first `appliedCount` steps of a plan, in reverse order. */
export function* undoRepair(storage: Storage, plan: RepairPlan, appliedCount: number): LongTask<void> {
  for (let index = appliedCount - 1; index >= 0; index--) {
    for (const write of plan.steps[index]!.writes.toReversed()) undoWrite(storage, plan, write);
    storage.flush('flush-repair');
    yield { phase: 'undo', done: appliedCount - index, total: appliedCount };
  }
  if (appliedCount > 0 && storage.size !== plan.sizeBefore) {
    storage.truncate(plan.sizeBefore, 'repair-truncate');
    storage.flush('flush-repair');
  }
}

type Hole = Extract<RepairWrite, { kind: 'discard' }>;

/** What earlier steps gave back, and a later one may take for something new. */
function holesOf(steps: readonly RepairStep[]): Hole[] {
  return steps.flatMap(({ writes }) => writes.filter((write): write is Hole => write.kind === 'discard'));
}

function applyStep(storage: Storage, plan: RepairPlan, index: number): void {
  const step = plan.steps[index]!;
  const holes = holesOf(plan.steps.slice(0, index));
  for (const write of step.writes) {
    if (write.kind === 'write') mustStillRead(storage, write.at, write.before, holes);
  }
  for (const write of step.writes) {
    try {
      perform(storage, write);
    } catch (cause) {
      throw RepairFailure.of({ plan, step, purpose: write.purpose }, cause);
    }
  }
}

function perform(storage: Storage, write: RepairWrite): void {
  switch (write.kind) {
    case 'write':
      storage.write(write.at, write.after, write.purpose);
      break;
    case 'discard':
      storage.discard(write.at, write.length, write.purpose);
      break;
    case 'truncate':
      if (storage.size < write.after) storage.truncate(write.after, write.purpose);
      break;
    case 'flush':
      storage.flush(write.purpose);
  }
}

function undoWrite(storage: Storage, plan: RepairPlan, write: RepairWrite): void {
  if (write.kind === 'discard' && write.before !== null) storage.write(write.at, write.before, write.purpose);
  if (write.kind !== 'write') return;
  // What lies behind the old end of the file goes when the file is cut back.
  const length = Math.min(write.before.length, plan.sizeBefore - write.at);
  if (length > 0) storage.write(write.at, write.before.subarray(0, length), write.purpose);
}

/** A hole reads as zeros or as before, whatever the storage makes of it. */
function mustStillRead(storage: Storage, at: number, expected: Uint8Array, holes: readonly Hole[]): void {
  const bytes = new Uint8Array(expected.length);
  if (at < storage.size) storage.read(at, bytes);
  const isInHole = (position: number) => holes.some((hole) => position >= hole.at && position < hole.at + hole.length);
  const isExpected = (byte: number, index: number) => byte === expected[index] || (byte === 0 && isInHole(at + index));
  if (bytes.every(isExpected)) return;
  throw new EngineError('invalid-argument', 'The image has changed since this repair was planned. Plan it again.');
}
