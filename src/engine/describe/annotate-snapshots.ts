import { alignUp } from '../bytes/align.ts';
import { SNAPSHOT_EXTRA_DATA, SNAPSHOT_HEADER, type SnapshotEntry } from '../format/snapshot-table.ts';
import type { Storage } from '../storage/storage.ts';
import { annotateL1WithL2 } from './annotate-tables.ts';
import type { AnnotationSink } from './annotation-sink.ts';
import { outlineSnapshots, snapshotL1, type Outline } from './outline.ts';

/** L1 entries of snapshots that are looked through for one range; an image with more is not sound anyway. */
const L1_ENTRIES_MAX = 8 * 1024 * 1024;

/** Labels the snapshot table, and the L1 and L2 tables of the snapshots where they differ from the active ones. */
export function annotateSnapshots(sink: AnnotationSink, storage: Storage, outline: Outline): void {
  let budget = L1_ENTRIES_MAX;
  for (const entry of outlineSnapshots(storage, outline)) {
    annotateEntry(sink, storage, entry);
    const table = snapshotL1(entry);
    budget -= table.entryCount;
    if (budget < 0 || table.at === outline.l1.at) continue;
    annotateL1WithL2(sink, storage, outline.geometry, { table, prefix: `snapshot ${entry.id} ` });
  }
}

function annotateEntry(sink: AnnotationSink, storage: Storage, entry: SnapshotEntry): void {
  const { at, length, extraDataSize } = entry;
  if (!sink.wants(at, alignUp(length, 8))) return;
  const prefix = `snapshot ${entry.id} `;
  const bytes = new Uint8Array(SNAPSHOT_HEADER.size + SNAPSHOT_EXTRA_DATA.size);
  storage.read(at, bytes);
  const { idLength, nameLength } = SNAPSHOT_HEADER.decode(bytes);
  sink.addStruct(SNAPSHOT_HEADER, bytes, at, { prefix });
  const extraAt = at + SNAPSHOT_HEADER.size;
  const knownExtra = Math.min(extraDataSize, SNAPSHOT_EXTRA_DATA.size);
  sink.addStruct(SNAPSHOT_EXTRA_DATA, bytes.subarray(SNAPSHOT_HEADER.size), extraAt, { prefix, end: knownExtra });
  sink.add(extraAt + SNAPSHOT_EXTRA_DATA.size, extraDataSize - SNAPSHOT_EXTRA_DATA.size, {
    label: `${prefix}extra data`,
    value: `${extraDataSize - SNAPSHOT_EXTRA_DATA.size} bytes`,
    meaning: 'unknown to this program; kept',
  });
  const idAt = extraAt + extraDataSize;
  sink.add(idAt, idLength, { label: `${prefix}id`, value: entry.id, meaning: 'the id that commands take' });
  sink.add(idAt + idLength, nameLength, { label: `${prefix}name`, value: entry.name, meaning: 'the name given to it' });
}
