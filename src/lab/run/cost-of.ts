import type { Purpose } from '#engine';
import type { CostCounts, PurposeCount } from '../cost.ts';
import type { TraceEvent } from '../trace/trace.ts';
import { useOf } from '../trace/structures.ts';

/** What a trace costs the host. */
export function costOf(events: readonly TraceEvent[]): CostCounts {
  const writes = new Map<Purpose, { count: number; bytes: number }>();
  const flushes = new Map<Purpose, { count: number; bytes: number }>();
  let metadataBytes = 0;
  let discards = 0;
  for (const event of events) {
    if (event.kind === 'flush') add(flushes, event.purpose, 0);
    if (event.kind === 'discard') discards++;
    if (event.kind !== 'write') continue;
    add(writes, event.purpose, event.after.length);
    const use = useOf(event.purpose);
    if (use !== 'data' && use !== 'compressed') metadataBytes += event.after.length;
  }
  const writesByPurpose = listOf(writes);
  const flushesByPurpose = listOf(flushes);
  return {
    writes: sum(writesByPurpose, 'count'),
    flushes: sum(flushesByPurpose, 'count'),
    bytes: sum(writesByPurpose, 'bytes'),
    metadataBytes,
    discards,
    writesByPurpose,
    flushesByPurpose,
  };
}

function add(counts: Map<Purpose, { count: number; bytes: number }>, purpose: Purpose, bytes: number): void {
  const known = counts.get(purpose) ?? { count: 0, bytes: 0 };
  counts.set(purpose, { count: known.count + 1, bytes: known.bytes + bytes });
}

function listOf(counts: Map<Purpose, { count: number; bytes: number }>): PurposeCount[] {
  return [...counts].map(([purpose, { count, bytes }]) => ({ purpose, count, bytes }));
}

function sum(counts: readonly PurposeCount[], field: 'count' | 'bytes'): number {
  return counts.reduce((total, entry) => total + entry[field], 0);
}
