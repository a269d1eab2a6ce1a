import type { Storage } from '#engine';
import type { PlaceRow } from '../crash-state.ts';
import { ScratchStorage } from '../disk/scratch-storage.ts';
import type { EngineMemory } from '../run/run-scenario.ts';
import { mergeSectors } from '../trace/describe-trace.ts';
import { DIRTY_BIT_LABEL, entriesOf, type Entry, type Region } from '../trace/structures.ts';
import type { TableIndex } from '../trace/table-index.ts';
import { replay } from '../trace/trace.ts';
import type { CrashPoint } from './crash-point.ts';

const ROWS_MAX = 256;

/**
 * Where every change not yet on the media is: only in the engine's memory, in the disk's volatile cache, or lost from
 * both. The dirty bit's row is always there.
 */
export function placesOf(point: CrashPoint, memory: EngineMemory | null, index: TableIndex): PlaceRow[] {
  const cache = new ScratchStorage(point.epoch.durable);
  for (const event of openEvents(point)) replay(event, cache);
  const engine = new ScratchStorage(cache);
  for (const { at, bytes } of [...(memory?.l2Slices ?? []), ...(memory?.refcountSlices ?? [])]) engine.write(at, bytes);

  const rows = new Map<string, PlaceRow>();
  for (const region of regionsOf(point, memory, index)) {
    for (const entry of entriesOf(region, index.geometry)) {
      const row = rowOf(region, entry, { engine, cache, media: point.media });
      if (row !== null) rows.set(`${entry.at} ${entry.label}`, row);
    }
  }
  const sorted = [...rows.values()].sort((a, b) => a.at - b.at);
  return mergeSectors(sorted, isAlike).slice(0, ROWS_MAX);
}

function rowOf(
  { use }: Region,
  entry: Entry,
  views: { readonly engine: Storage; readonly cache: Storage; readonly media: Storage },
): PlaceRow | null {
  const [engine, cache, media] = [views.engine, views.cache, views.media].map((view) => {
    const bytes = new Uint8Array(entry.length);
    view.read(entry.at, bytes);
    return entry.format(bytes);
  }) as [string, string, string];
  if (engine === cache && cache === media && entry.label !== DIRTY_BIT_LABEL) return null;
  return {
    use,
    label: entry.label,
    memory: engine === cache ? null : engine,
    cache: cache === media ? null : cache,
    media,
    at: entry.at,
    length: entry.length,
  };
}

function* regionsOf(point: CrashPoint, memory: EngineMemory | null, index: TableIndex): Generator<Region> {
  yield index.regionAt('header', 72, 8, point.cut);
  for (const [offset, event] of openEvents(point).entries()) {
    if (event.kind === 'write') yield index.regionOf(event, point.epoch.begin + offset);
  }
  for (const { at, bytes } of memory?.l2Slices ?? []) yield index.regionAt('l2', at, bytes.length, point.cut);
  for (const { at, bytes } of memory?.refcountSlices ?? []) {
    yield index.regionAt('refcount-block', at, bytes.length, point.cut);
  }
}

function openEvents({ trace, epoch }: CrashPoint) {
  return trace.events.slice(epoch.begin, epoch.end);
}

function isAlike(a: PlaceRow, b: PlaceRow): boolean {
  return a.memory === b.memory && a.cache === b.cache && a.media === b.media;
}
