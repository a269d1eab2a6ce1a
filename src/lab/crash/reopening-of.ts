import {
  CLUSTER_USES,
  checkImage,
  clusterMap,
  drain,
  planRepair,
  type CheckReport,
  type ClusterMap,
  type RepairPlan,
} from '#engine';
import type { GuestView } from '../crash-state.ts';
import { ScratchStorage } from '../disk/scratch-storage.ts';
import { guestView, guestViewOf } from '../guest/guest-view.ts';
import type { ReadSummary, RepairStage, Reopening } from '../reopening.ts';
import { describeTrace } from '../trace/describe-trace.ts';
import { RecordingStorage, type ReadRange } from '../trace/recording-storage.ts';
import { replay, type Trace } from '../trace/trace.ts';
import { reopenRecorded, type CrashPoint } from './crash-point.ts';
import { guestViolations } from './violations.ts';

const READ_CLUSTERS_MAX = 4096;

/** Opens what a crash left for writing, with the engine's own repair, and takes the repair apart for a player. */
export function reopeningOf({ run, media, guestCut }: CrashPoint): Reopening {
  const mapBefore = drain(clusterMap(media));
  const isDirty = drain(checkImage(media)).isDirty;
  const scanner = new RecordingStorage(new ScratchStorage(media));
  scanner.recordsReads = true;
  const plan = isDirty ? drain(planRepair(scanner, 'all', { keepsDiscarded: false, checksAgain: false })) : null;

  const { trace, recorder, image, refusal } = reopenRecorded(run, media);
  const check = drain(checkImage(recorder));
  const guest = image === null ? guestView(run, recorder, guestCut) : guestViewOf(run, image, guestCut);
  return {
    outcome: image === null ? 'refused' : isDirty ? 'repaired' : 'clean',
    error: refusal?.message ?? null,
    mapBefore,
    stages: plan === null ? [] : stagesOf(plan, trace, summarizeReads(scanner.reads, mapBefore), mapBefore),
    events: describeTrace(trace),
    check,
    isDirtyAfter: check.isDirty,
    guest,
    violations: violationsAfter(check, guest, refusal),
  };
}

/** Scan and compare, then the plan's steps, each with its part of the trace. */
function stagesOf(plan: RepairPlan, trace: Trace, reads: ReadSummary[], mapBefore: ClusterMap): RepairStage[] {
  const stepMessages = new Set(plan.steps.flatMap((step) => step.messages));
  const found = plan.report;
  // Opening may write before it repairs (features that only an aware writer may keep); the repair is the trace's end.
  const repairEvents = plan.steps.reduce((sum, step) => sum + step.writes.length, 0);
  let end = Math.max(0, trace.events.length - repairEvents);
  const reading = { reads: [], findings: [], messages: [], begin: end, end, mapAfter: mapBefore, count: 0 };
  const stages: RepairStage[] = [
    { ...reading, kind: 'scan', reads, count: reads.reduce((sum, { clusters }) => sum + clusters.length, 0) },
    {
      ...reading,
      kind: 'compare',
      findings: found.findings,
      messages: found.messages.filter((line) => !stepMessages.has(line)),
      count: found.findings.length + found.findingsOmitted,
    },
  ];
  const repaired = new ScratchStorage(trace.base);
  for (const event of trace.events.slice(0, end)) replay(event, repaired);
  for (const { kind, messages, writes, count } of plan.steps) {
    const begin = end;
    end = Math.min(begin + writes.length, trace.events.length);
    for (const event of trace.events.slice(begin, end)) replay(event, repaired);
    stages.push({ kind, messages, reads: [], findings: [], begin, end, count, mapAfter: drain(clusterMap(repaired)) });
  }
  return stages;
}

/** Sums reads up by what the clusters are for. */
function summarizeReads(reads: readonly ReadRange[], map: ClusterMap): ReadSummary[] {
  const sums = new Map<number, { reads: number; bytes: number; clusters: Set<number> }>();
  for (const { at, length } of reads) {
    const first = Math.floor(at / map.clusterSize);
    const last = Math.floor((at + Math.max(1, length) - 1) / map.clusterSize);
    const use = map.use[first] ?? 0;
    const sum = sums.get(use) ?? { reads: 0, bytes: 0, clusters: new Set<number>() };
    sum.reads += 1;
    sum.bytes += length;
    for (let cluster = first; cluster <= last && sum.clusters.size < READ_CLUSTERS_MAX; cluster++) {
      sum.clusters.add(cluster);
    }
    sums.set(use, sum);
  }
  return [...sums].map(([use, sum]) => ({
    use: CLUSTER_USES[use]!,
    reads: sum.reads,
    bytes: sum.bytes,
    clusters: [...sum.clusters],
  }));
}

function violationsAfter(check: CheckReport, guest: GuestView, refusal: Error | null): string[] {
  const violations = guestViolations(guest);
  if (refusal !== null) violations.push(`The image cannot be opened for writing: ${refusal.message}`);
  else if (check.counters.corruptions + check.counters.checkErrors > 0) {
    violations.push(`${check.counters.corruptions} corruptions are left after the repair.`);
  }
  return violations;
}
