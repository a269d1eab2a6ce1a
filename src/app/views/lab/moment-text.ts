import type { RecordedOperation } from '#protocol';
import { crashSentence, eventSentence, promiseSentence } from '../../text/lab.ts';
import { repairStepWords } from '../../text/repair-steps.ts';
import type { Act } from './act.ts';
import type { Lab } from './lab.svelte.ts';
import type { OperationMark } from './operation-edit.ts';

/** Where the handle stands, in words: `after 7 of 21 I/Os, in write 4K+4K; last: write 512 B at 0x0: …`. */
export function stopText(act: Act, stop: number): string {
  const column = act.columns[stop - 1];
  const done = act.columns.slice(0, stop).filter(({ event }) => event !== null).length;
  const place = `after ${done} of ${act.events.length} I/Os`;
  if (column === undefined) return `${place}, before anything happens`;
  const span = act.spans[column.span]?.label ?? '';
  const last = column.event === null ? 'no I/O' : eventSentence(act.events[column.event]!);
  return `${place}, in ${span}; last: ${last}`;
}

/** What became of each guest operation when `cut` events are done. */
export function operationMarks(operations: readonly RecordedOperation[], cut: number, isCut: boolean): OperationMark[] {
  const lastAck = operations.findLastIndex((operation) => operation.isDurableAck && operation.end <= cut);
  return operations.map(({ begin, end }, index) => {
    if (end <= cut) return index <= lastAck ? 'durable' : 'done';
    if (begin < cut) return isCut ? 'interrupted' : 'done';
    return 'never';
  });
}

/** The whole state as plain lines: for screen readers, and for pasting into a report. */
export function stateLog(lab: Lab): string[] {
  const { act, state } = lab;
  if (act === null || state === null) return [];
  const lines = [
    `${act.kind === 'workload' ? 'Workload' : 'Repair'}: ${stopText(act, lab.stop)}.`,
    lab.isCut ? `The power is off. ${crashSentence(state)}` : 'The power is on.',
    `Dirty bit ${state.isDirty ? 'set' : 'clear'}.`,
    promiseSentence(state),
  ];
  for (const atom of state.atoms) {
    const fate = lab.isCut ? (atom.isPersisted ? 'persisted' : 'lost') : 'in the disk’s cache';
    lines.push(`${atom.label}: ${fate}`);
  }
  for (const { label, memory, cache, media } of state.places) {
    if (memory !== null || cache !== null) {
      lines.push(`${label}: memory ${memory ?? 'as cache'}, disk cache ${cache ?? 'as media'}, media ${media}`);
    }
  }
  return lines;
}

export function spanTitle(act: Act, span: number): string {
  const stage = act.stages[span];
  return stage === undefined ? (act.spans[span]?.label ?? '') : repairStepWords(stage.kind).reason;
}
