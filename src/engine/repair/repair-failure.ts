import { EngineError, isEngineError } from '../errors.ts';
import type { Purpose } from '../storage/storage.ts';
import type { RepairPlan, RepairStep } from './step.ts';

interface FailedAccess {
  readonly plan: RepairPlan;
  readonly step: RepairStep;
  readonly purpose: Purpose;
}

/** The storage failed in the middle of a repair. The steps before are durable; a new plan goes on from there. */
export class RepairFailure extends EngineError {
  readonly plan: RepairPlan;
  readonly step: RepairStep;
  /** What the access that failed was for. */
  readonly purpose: Purpose;
  declare readonly cause: EngineError;

  constructor({ plan, step, purpose }: FailedAccess, cause: EngineError) {
    super(cause.code, cause.message, { cause });
    this.plan = plan;
    this.step = step;
    this.purpose = purpose;
  }

  /** For `catch`: a failure of the storage; what is a bug of ours rises as it is. */
  static of(access: FailedAccess, cause: unknown): RepairFailure {
    if (!isEngineError(cause)) throw cause;
    return new RepairFailure(access, cause);
  }
}
