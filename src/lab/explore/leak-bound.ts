import type { ScenarioRun } from '../run/run-scenario.ts';
import { entriesOf } from '../trace/structures.ts';
import { TableIndex } from '../trace/table-index.ts';

/** Which refcounts change when in a trace. */
export interface RefcountChanges {
  /** How many different clusters' refcounts change in events from `seq` on. */
  countFrom(seq: number): number;
}

export function refcountChangesOf({ trace }: ScenarioRun): RefcountChanges {
  const index = new TableIndex(trace);
  const changes: { readonly seq: number; readonly label: string }[] = [];
  for (const [seq, event] of trace.events.entries()) {
    if (event.kind !== 'write') continue;
    const region = index.regionOf(event, seq);
    if (region.use !== 'refcount-block') continue;
    for (const { label, at, length, format } of entriesOf(region, index.geometry)) {
      const start = at - event.at;
      const before = format(event.before.subarray(start, start + length));
      if (before !== format(event.after.subarray(start, start + length))) changes.push({ seq, label });
    }
  }
  return {
    countFrom: (from) => new Set(changes.filter(({ seq }) => seq >= from).map(({ label }) => label)).size,
  };
}

/**
 * Clusters that a crash at `cut` may leak: those allocated or freed since the last acknowledgement that covered
 * everything. Their refcounts change in or after this time.
 */
export function leakBound(run: ScenarioRun, changes: RefcountChanges, cut: number): number {
  const since = run.operations.filter((o) => o.promise === 'everything' && o.end <= cut).at(-1)?.end ?? 0;
  return changes.countFrom(since);
}
