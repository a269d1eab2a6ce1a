import { CACHE_MODES, clusterMap, drain, type Storage } from '#engine';
import type { CostRow } from '../cost.ts';
import type { RecordedOperation, Recording } from '../recording.ts';
import type { GuestOperation, Scenario } from '../scenario.ts';
import { describeTrace } from '../trace/describe-trace.ts';
import { sequenceOf } from '../trace/sequence.ts';
import { costOf } from './cost-of.ts';
import { runScenario, type OperationRun, type ScenarioRun } from './run-scenario.ts';

/** A run for people. */
export function recordingOf(run: ScenarioRun): Recording {
  const events = describeTrace(run.trace);
  return {
    scenario: run.scenario,
    operations: run.operations.map((operation) => describeOperation(operation, run)),
    events,
    epochCount: events.filter((event) => event.kind === 'flush').length + 1,
    cost: costOf(run.trace.events),
    mapBefore: drain(clusterMap(run.trace.base)),
    mapAfter: drain(clusterMap(run.media)),
  };
}

/** The scenario's cost with lazy refcounts off and on, in every cache mode. Version 2 has no lazy refcounts. */
export function compareCosts(scenario: Scenario, base?: Storage): CostRow[] {
  const choices = scenario.image.compat === '1.1' ? [false, true] : [false];
  return CACHE_MODES.flatMap((cacheMode) =>
    choices.map((lazyRefcounts) => {
      const variant = { ...scenario, cacheMode, image: { ...scenario.image, lazyRefcounts } };
      return { lazyRefcounts, cacheMode, counts: costOf(runScenario(variant, base).trace.events) };
    }),
  );
}

function describeOperation(run: OperationRun, { trace }: ScenarioRun): RecordedOperation {
  return {
    operation: run.operation,
    label: operationLabel(run.operation, run.isOverwrite),
    sequence: sequenceOf(trace.events.slice(run.begin, run.end)),
    begin: run.begin,
    end: run.end,
    isDurableAck: run.promise !== 'nothing',
    error: run.error,
  };
}

function operationLabel(operation: GuestOperation, isOverwrite: boolean): string {
  switch (operation.kind) {
    case 'flush':
    case 'close':
      return operation.kind;
    case 'write':
      return `${isOverwrite ? 'overwrite' : 'write'} ${rangeText(operation)}`;
    case 'write-compressed':
      return `write compressed ${rangeText(operation)}`;
    case 'write-zeroes':
      return `write zeroes${operation.unmap ? ' and unmap' : ''} ${rangeText(operation)}`;
    case 'discard':
      return `discard ${rangeText(operation)}`;
  }
}

function rangeText({ at, length }: { readonly at: number; readonly length: number }): string {
  return `${sizeText(length)} at 0x${at.toString(16)}`;
}

function sizeText(bytes: number): string {
  if (bytes > 0 && bytes % (1 << 20) === 0) return `${bytes / (1 << 20)} MiB`;
  return bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} bytes`;
}
