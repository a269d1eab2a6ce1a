import type { ScenarioRun } from '#lab';

/**
 * The same run on a disk that says yes to some flushes and does nothing. The engine and the guest notice nothing, so
 * every acknowledgement stays; only what the flushes promised is gone.
 */
export function onLyingDisk(run: ScenarioRun, isIgnored: (seq: number) => boolean): ScenarioRun {
  const { base, events } = run.trace;
  const isLost = events.map((event, seq) => event.kind === 'flush' && isIgnored(seq));
  const moved = (seq: number) => seq - isLost.slice(0, seq).filter(Boolean).length;
  return {
    ...run,
    trace: { base, events: events.filter((_, seq) => !isLost[seq]) },
    operations: run.operations.map((o) => ({ ...o, begin: moved(o.begin), end: moved(o.end) })),
  };
}
