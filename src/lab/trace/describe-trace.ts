import { entriesOf, regionLabel, type Entry, type Region } from './structures.ts';
import { TableIndex } from './table-index.ts';
import type { Trace, TraceEvent } from './trace.ts';
import { SECTOR } from '../guest/sector-content.ts';
import type { RecordedEvent, StructureChange } from '../recording.ts';

const CHANGES_MAX = 64;

/** A trace for people: which structure each event touches, and which entries it changes from what to what. */
export function describeTrace(trace: Trace, index = new TableIndex(trace)): RecordedEvent[] {
  let epoch = 0;
  return trace.events.map((event, seq) => {
    const described: RecordedEvent = {
      seq,
      kind: event.kind,
      at: event.kind === 'write' || event.kind === 'discard' ? event.at : event.kind === 'truncate' ? event.size : 0,
      length: event.kind === 'write' ? event.after.length : event.kind === 'discard' ? event.before.length : 0,
      purpose: event.purpose,
      operation: event.operation,
      epoch,
      ...describeEvent(event, seq, index),
    };
    if (event.kind === 'flush') epoch++;
    return described;
  });
}

type Description = Pick<RecordedEvent, 'label' | 'changes' | 'changesOmitted' | 'changedSectors'>;

function describeEvent(event: TraceEvent, seq: number, index: TableIndex): Description {
  const nothing = { changes: [], changesOmitted: 0, changedSectors: 0 };
  switch (event.kind) {
    case 'flush':
      return { label: 'flush', ...nothing };
    case 'truncate':
      return { label: `file size 0x${event.size.toString(16)}`, ...nothing };
    case 'discard': {
      const first = Math.floor(event.at / index.geometry.clusterSize);
      const last = Math.floor((event.at + event.before.length - 1) / index.geometry.clusterSize);
      return { label: first === last ? `cluster ${first}` : `clusters ${first}–${last}`, ...nothing };
    }
    case 'write': {
      const region = index.regionOf(event, seq);
      const changes = changesOf(region, index, event);
      return {
        label: changes.length === 1 ? changes[0]!.label : regionLabel(region, index.geometry),
        changes: changes.slice(0, CHANGES_MAX),
        changesOmitted: Math.max(0, changes.length - CHANGES_MAX),
        changedSectors: changedSectorsOf(event),
      };
    }
  }
}

function changesOf(region: Region, index: TableIndex, event: TraceEvent & { kind: 'write' }): StructureChange[] {
  const changes: StructureChange[] = [];
  for (const entry of entriesOf(region, index.geometry)) {
    const before = region.isNew ? new Uint8Array(entry.length) : cut(event.before, event.at, entry);
    const after = cut(event.after, event.at, entry);
    if (before === null || after === null || isSame(before, after)) continue;
    const texts = [entry.format(before), entry.format(after)] as const;
    if (texts[0] === texts[1]) continue;
    changes.push({
      use: region.use,
      label: entry.label,
      before: texts[0],
      after: texts[1],
      at: entry.at,
      length: entry.length,
    });
  }
  return mergeSectors(changes, (a, b) => a.before === b.before && a.after === b.after);
}

interface Labelled {
  readonly label: string;
  readonly at: number;
  readonly length: number;
}

/** Joins neighbouring sectors of a cluster that are alike: `cluster 6 sectors 0–7`. */
export function mergeSectors<T extends Labelled>(items: readonly T[], isAlike: (a: T, b: T) => boolean): T[] {
  const merged: T[] = [];
  for (const item of items) {
    const last = merged.at(-1);
    const label = last === undefined || !isAlike(last, item) ? null : joinedLabel(last, item);
    if (last === undefined || label === null) merged.push(item);
    else merged[merged.length - 1] = { ...last, label, length: last.length + item.length };
  }
  return merged;
}

const SECTOR_LABEL = /^(cluster \d+) sectors? (\d+)(?:–\d+)?$/;

function joinedLabel(first: Labelled, next: Labelled): string | null {
  const a = SECTOR_LABEL.exec(first.label);
  const b = SECTOR_LABEL.exec(next.label);
  if (a === null || b === null || a[1] !== b[1] || first.at + first.length !== next.at) return null;
  return `${a[1]} sectors ${a[2]}–${b[2]}`;
}

function changedSectorsOf({ before, after }: TraceEvent & { kind: 'write' }): number {
  let count = 0;
  for (let at = 0; at < after.length; at += SECTOR) {
    if (!isSame(before.subarray(at, at + SECTOR), after.subarray(at, at + SECTOR))) count++;
  }
  return count;
}

/** The bytes of `entry` within a write at `at`; null where the write covers only a part of it. */
function cut(bytes: Uint8Array, at: number, entry: Entry): Uint8Array | null {
  const start = entry.at - at;
  if (start < 0 || start + entry.length > bytes.length) return null;
  return bytes.subarray(start, start + entry.length);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
