import { viewOf } from '../bytes/big-endian.ts';
import type { HostOffset } from '../format/addresses.ts';
import type { Geometry } from '../format/geometry.ts';
import { offsetOf } from '../format/l1-entry.ts';
import type { Storage } from '../storage/storage.ts';
import type { AnnotationSink } from './annotation-sink.ts';
import { guestRangeText, indexText, l1EntryText, l2EntryText, type EntryText } from './entry-text.ts';
import { readTable, type TablePlace } from './outline.ts';

export interface AnnotatedL1 {
  readonly table: TablePlace;
  /** What stands before `L1` and `L2` in a label, such as `snapshot 1 `. */
  readonly prefix: string;
}

/** Labels the entries of an L1 table and of the L2 tables that it points to. */
export function annotateL1WithL2(
  sink: AnnotationSink,
  storage: Storage,
  geometry: Geometry,
  { table, prefix }: AnnotatedL1,
): void {
  annotateEntries(sink, storage, table, {
    entrySize: 8,
    label: (first, count) => `${prefix}L1${indexText(first, count)}`,
    meaning: (first, count) => guestRangeText(first * geometry.l2Coverage, count * geometry.l2Coverage),
    text: l1EntryText,
  });
  const tables = findPointersInto(sink, storage, table, geometry.clusterSize, offsetOf);
  for (const { index, target } of tables) annotateL2(sink, storage, geometry, { l1Index: index, at: target, prefix });
}

function annotateL2(
  sink: AnnotationSink,
  storage: Storage,
  geometry: Geometry,
  { l1Index, at, prefix }: { l1Index: number; at: HostOffset; prefix: string },
): void {
  const { clusterSize, l2EntrySize, l2Coverage, l2Entries } = geometry;
  annotateEntries(
    sink,
    storage,
    { at, entryCount: l2Entries },
    {
      entrySize: l2EntrySize,
      label: (first, count) => `${prefix}L2[${l1Index}]${indexText(first, count)}`,
      meaning: (first, count) => guestRangeText(l1Index * l2Coverage + first * clusterSize, count * clusterSize),
      text: (high, low, zero, alloc) => l2EntryText(geometry, high, low, alloc, zero),
    },
  );
}

export interface EntryKind {
  readonly entrySize: 8 | 16;
  label(first: number, count: number): string;
  meaning(first: number, count: number): string;
  /** The entry's words; the second pair is there for entries of 16 bytes. */
  text(high: number, low: number, high2: number, low2: number): EntryText;
}

/** Labels those entries of a table that touch the range; neighbouring empty ones together. */
export function annotateEntries(sink: AnnotationSink, storage: Storage, table: TablePlace, kind: EntryKind): void {
  const { entrySize } = kind;
  const first = Math.max(0, Math.floor((sink.start - table.at) / entrySize));
  const end = Math.min(table.entryCount, Math.ceil((sink.end - table.at) / entrySize));
  if (first >= end) return;
  const bytes = new Uint8Array((end - first) * entrySize);
  storage.read(table.at + first * entrySize, bytes);
  const view = viewOf(bytes);
  const textAt = (index: number): EntryText => {
    const at = (index - first) * entrySize;
    const [high2, low2] = entrySize === 16 ? [view.getUint32(at + 8), view.getUint32(at + 12)] : [0, 0];
    return kind.text(view.getUint32(at), view.getUint32(at + 4), high2, low2);
  };
  for (let index = first; index < end;) {
    const text = textAt(index);
    let next = index + 1;
    if (text.isEmpty) while (next < end && textAt(next).isEmpty) next++;
    const count = next - index;
    sink.add(table.at + index * entrySize, count * entrySize, {
      label: kind.label(index, count),
      value: text.value,
      meaning: kind.meaning(index, count),
      target: text.target,
    });
    index = next;
  }
}

/** Entries of a table that point to a structure of `length` bytes which touches the range; each structure once. */
export function findPointersInto(
  sink: AnnotationSink,
  storage: Storage,
  table: TablePlace,
  length: number,
  targetOf: (high: number, low: number) => HostOffset,
): { index: number; target: HostOffset }[] {
  const found = new Map<HostOffset, number>();
  for (const { index, count, view } of readTable(storage, table)) {
    for (let entry = 0; entry < count; entry++) {
      const target = targetOf(view.getUint32(entry * 8), view.getUint32(entry * 8 + 4));
      if (target !== 0 && sink.wants(target, length) && !found.has(target)) found.set(target, index + entry);
    }
  }
  return [...found].map(([target, index]) => ({ index, target }));
}
