import type { FindingKind, RepairPlan, RepairStepKind } from '#engine';

/** What a comparison asks of a planned repair; its steps hold the bytes of whole images. */
export interface RepairOutline {
  readonly isRefused: boolean;
  readonly steps: ReadonlySet<RepairStepKind>;
  /** Kinds of findings that this very repair mends. */
  readonly mended: ReadonlySet<FindingKind>;
  readonly found: ReadonlySet<FindingKind>;
}

export function outlineOf(plan: RepairPlan): RepairOutline {
  const { findings } = plan.report;
  const kinds = (list: typeof findings) => new Set(list.map(({ kind }) => kind));
  return {
    isRefused: plan.refused !== null,
    steps: new Set(plan.steps.map(({ kind }) => kind)),
    mended: kinds(findings.filter(({ mendedBy }) => mendedBy === 'all')),
    found: kinds(findings),
  };
}
