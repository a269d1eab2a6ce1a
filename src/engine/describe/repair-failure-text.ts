import type { RepairFailure } from '../repair/repair-failure.ts';
import type { RepairStep, RepairStepKind } from '../repair/step.ts';

/** What QEMU prints on standard error where a repair fails. */
export interface RepairFailureText {
  /** As they are. */
  readonly lines: readonly string[];
  /** Behind the name of the program; null if it says no more than that the whole failed. */
  readonly complaint: string | null;
}

/**
 * What was said up to the failure, and which structure could not be written.
 * @param reason C's words for the errno
 */
export function repairFailureText(failure: RepairFailure, reason: string): RepairFailureText {
  const { plan, step } = failure;
  const { messages } = plan.report;
  const later = plan.steps.filter(({ kind }) => phaseOf(kind) > phaseOf(step.kind));
  const said = messages.slice(0, startOf(later, messages));
  const words = wordsFor(failure);
  if (words === null) return { lines: said, complaint: null };
  const line = `${words}: ${reason}`;
  return REBUILDING.includes(step.kind)
    ? { lines: said, complaint: line }
    : { lines: [...said, line], complaint: null };
}

/** What QEMU had not come to say: the lines from the first one on that belongs to one of these steps. */
function startOf(steps: readonly RepairStep[], messages: readonly string[]): number {
  const starts = steps.flatMap((step) => step.messages.slice(0, 1)).map((line) => messages.indexOf(line));
  return Math.min(messages.length, ...starts.filter((index) => index >= 0));
}

const REBUILDING: readonly RepairStepKind[] = [
  'write-new-refcount-blocks',
  'write-new-refcount-table',
  'switch-to-new-refcounts',
];

/** The order in which a check comes to mend things; lines of one phase may belong to several steps. */
const PHASES: readonly (readonly RepairStepKind[])[] = [
  ['mend-entry', 'grow-file', 'mark-corrupt'],
  REBUILDING,
  ['free-old-refcounts', 'lower-refcounts', 'raise-refcounts'],
  ['fix-copied-flags'],
  ['mend-snapshot-table'],
  ['clear-corrupt-bit', 'clear-dirty-bit'],
];

function phaseOf(kind: RepairStepKind): number {
  return PHASES.findIndex((kinds) => kinds.includes(kind));
}

/** QEMU's words for what could not be done, where it has any. */
function wordsFor({ step, purpose }: RepairFailure): string | null {
  switch (step.kind) {
    case 'mend-entry':
      return 'ERROR: Failed to overwrite L2 table entry';
    case 'write-new-refcount-blocks':
    case 'write-new-refcount-table':
    case 'switch-to-new-refcounts':
      if (purpose === 'repair-refblock') return 'ERROR writing refblock';
      return `ERROR ${purpose === 'repair-reftable' ? 'writing' : 'setting'} reftable`;
    case 'fix-copied-flags':
      return purpose === 'repair-l2' ? 'ERROR: Could not write L2 table' : null;
    case 'mend-snapshot-table':
      return 'ERROR failed to update snapshot table';
    default:
      return null;
  }
}
