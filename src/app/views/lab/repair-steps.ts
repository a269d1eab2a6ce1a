import type { RecordedEvent, RepairStage } from '#protocol';
import type { Act } from './act.ts';

/** What a repair's player shows at a stop: the stage, and the I/O of it that is done so far. */
export interface RepairMoment {
  readonly stage: RepairStage;
  readonly stageIndex: number;
  readonly done: readonly RecordedEvent[];
  /** The event just done, when the last step was one. */
  readonly latest: RecordedEvent | null;
  /** Host clusters that the stage read, or has changed so far. */
  readonly clusters: ReadonlySet<number>;
}

/** Null before the first step. */
export function repairMoment(act: Act, stop: number, clusterSize: number): RepairMoment | null {
  const column = act.columns[Math.min(stop, act.columns.length) - 1];
  const stage = column === undefined ? undefined : act.stages[column.span];
  if (column === undefined || stage === undefined) return null;
  const doneEnd = column.event === null ? stage.begin : column.event + 1;
  const latest = column.event === null ? null : act.events[column.event]!;
  const done = act.events.slice(stage.begin, doneEnd);
  return {
    stage,
    stageIndex: column.span,
    done,
    latest,
    clusters: latest === null ? readClusters(stage) : changedClusters(done, clusterSize),
  };
}

function readClusters(stage: RepairStage): Set<number> {
  return new Set(stage.reads.flatMap((read) => read.clusters));
}

function changedClusters(events: readonly RecordedEvent[], clusterSize: number): Set<number> {
  return new Set(events.flatMap((event) => [...clustersOf(event, clusterSize)]));
}

/** The host clusters that an event writes or discards. */
export function clustersOf(event: RecordedEvent, clusterSize: number): Set<number> {
  const clusters = new Set<number>();
  if (event.kind === 'flush' || event.kind === 'truncate') return clusters;
  const end = event.at + event.length;
  for (let at = Math.floor(event.at / clusterSize); at * clusterSize < end; at++) clusters.add(at);
  return clusters;
}
