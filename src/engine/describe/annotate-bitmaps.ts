import { BITMAP_DIRECTORY_ENTRY, bitmapDataOf, BITMAP_TABLE_ENTRIES_MAX } from '../format/bitmap-directory.ts';
import type { Storage } from '../storage/storage.ts';
import { annotateEntries, findPointersInto } from './annotate-tables.ts';
import type { AnnotationSink } from './annotation-sink.ts';
import { bitmapTableEntryText, guestRangeText, indexText } from './entry-text.ts';
import { outlineBitmaps, type Outline } from './outline.ts';

/** Bitmap table entries that are looked through for one range. */
const TABLE_ENTRIES_MAX = 8 * 1024 * 1024;

/** Labels the bitmap directory, the bitmap tables and the clusters of bits. */
export function annotateBitmaps(sink: AnnotationSink, storage: Storage, outline: Outline): void {
  const { clusterSize } = outline.geometry;
  let budget = TABLE_ENTRIES_MAX;
  for (const entry of outlineBitmaps(storage, outline)) {
    const prefix = `bitmap "${entry.name}" `;
    const at = outline.bitmapDirectory!.at + entry.at;
    const fields = new Uint8Array(BITMAP_DIRECTORY_ENTRY.size);
    if (sink.wants(at, entry.length)) {
      storage.read(at, fields);
      sink.addStruct(BITMAP_DIRECTORY_ENTRY, fields, at, { prefix });
      const nameLength = entry.nameLength;
      sink.add(at + entry.length - nameLength, nameLength, {
        label: `${prefix}name`,
        value: entry.name,
        meaning: 'the name given to it',
      });
    }
    const table = { at: entry.tableOffset, entryCount: Math.min(entry.tableSize, BITMAP_TABLE_ENTRIES_MAX) };
    budget -= table.entryCount;
    if (budget < 0) continue;
    const coverage = clusterSize * 8 * 2 ** entry.granularityBits;
    annotateEntries(sink, storage, table, {
      entrySize: 8,
      label: (first, count) => `${prefix}table${indexText(first, count)}`,
      meaning: (first, count) => guestRangeText(first * coverage, count * coverage),
      text: bitmapTableEntryText,
    });
    for (const { index, target } of findPointersInto(sink, storage, table, clusterSize, bitsOffsetOf)) {
      sink.add(target, clusterSize, {
        label: `${prefix}bits${indexText(index, 1)}`,
        value: `a bit for each ${2 ** entry.granularityBits} bytes`,
        meaning: `which parts were written, ${guestRangeText(index * coverage, coverage)}`,
      });
    }
  }
}

function bitsOffsetOf(high: number, low: number): number {
  const data = bitmapDataOf(high, low);
  return typeof data === 'number' ? data : 0;
}
