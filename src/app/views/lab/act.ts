import type { GuestOperation, RecordedEvent, Recording, Reopening, RepairStage } from '#protocol';
import { operationShort } from '../../text/lab.ts';
import { repairStepWords } from '../../text/repair-steps.ts';
import { timelineColumns, type TimelineColumn, type TimelineSpan } from './timeline-layout.ts';

/**
 * One trace that the power can be cut in: first the guest's workload, then the repair that follows a crash, then the
 * repair that follows a crash of that repair, and so on.
 */
export interface Act {
  readonly kind: 'workload' | 'repair';
  readonly events: readonly RecordedEvent[];
  readonly spans: readonly TimelineSpan[];
  readonly columns: readonly TimelineColumn[];
  /** One for each span of a repair; empty for the workload. */
  readonly stages: readonly RepairStage[];
}

export function workloadAct({ events, operations }: Recording): Act {
  const spans = operations.map(({ operation, begin, end, isDurableAck }) => ({
    label: operationShort(operation),
    tone: toneOf(operation),
    begin,
    end,
    isDurableAck,
  }));
  return { kind: 'workload', events, spans, columns: timelineColumns(events.length, spans), stages: [] };
}

export function repairAct({ events, stages }: Reopening): Act {
  const spans = stages.map(({ kind, begin, end }) => ({
    label: repairStepWords(kind).short,
    tone: 'repair' as const,
    begin,
    end,
    isDurableAck: false,
  }));
  return { kind: 'repair', events, spans, columns: timelineColumns(events.length, spans), stages };
}

function toneOf(operation: GuestOperation): TimelineSpan['tone'] {
  switch (operation.kind) {
    case 'write':
    case 'write-compressed':
      return 'write';
    case 'write-zeroes':
    case 'discard':
      return 'free';
    case 'flush':
    case 'close':
      return 'flush';
  }
}

/** Flushes completed before `cut`: which epoch is open then. */
export function epochAtCut(events: readonly RecordedEvent[], cut: number): number {
  const before = events[cut - 1];
  if (before === undefined) return events[0]?.epoch ?? 0;
  return before.kind === 'flush' ? before.epoch + 1 : before.epoch;
}
