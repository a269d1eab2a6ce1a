import type { BitmapEntry } from '../format/bitmap-directory.ts';
import { BITMAP_TABLE_ENTRIES_MAX } from '../format/bitmap-directory.ts';
import { bitmapTableEntryText, guestRangeText, indexText } from './entry-text.ts';
import { hex, plural } from './field-text.ts';
import { outlineBitmaps, outlineSnapshots, snapshotL1, type TablePlace } from './outline.ts';
import { sizeText } from './size-text.ts';
import { halvesAt, inWindow, leaf, type Scope, type Window } from './structure-node.ts';
import { l1Children } from './structure-tables.ts';
import { presentEntries } from './table-runs.ts';
import type { StructureNode } from './use.ts';

/** The snapshots; below one of them, its L2 tables and their runs. */
export function snapshotChildren(scope: Scope, [index, ...rest]: readonly string[], window: Window): StructureNode[] {
  const snapshots = [...outlineSnapshots(scope.storage, scope.outline)];
  if (index !== undefined) {
    const entry = snapshots[Number(index)];
    if (entry === undefined) return [];
    const l1 = { ...snapshotL1(entry), path: `snapshots/${index}`, use: 'snapshot-l2' } as const;
    return l1Children(scope, l1, rest, window);
  }
  return inWindow(snapshots, window).map((entry, position) => {
    const l2Tables = presentEntries(scope.storage, snapshotL1(entry)).length;
    return {
      path: `snapshots/${window.from + position}`,
      label: `Snapshot ${entry.id} "${entry.name}"`,
      detail: `L1 table at ${hex(entry.l1TableOffset)}, ${plural(l2Tables, 'L2 table')}`,
      use: 'snapshot-table',
      at: entry.at,
      length: entry.length,
      childCount: l2Tables,
    };
  });
}

/** The bitmaps; below one of them, the entries of its table that say something. */
export function bitmapChildren(scope: Scope, [index, ...rest]: readonly string[], window: Window): StructureNode[] {
  const { storage, outline } = scope;
  const bitmaps = outlineBitmaps(storage, outline);
  if (rest.length > 0) return [];
  if (index !== undefined) {
    const entry = bitmaps[Number(index)];
    return entry === undefined ? [] : bitmapTableChildren(scope, `bitmaps/${index}`, entry, window);
  }
  return inWindow(bitmaps, window).map((entry, position) => ({
    path: `bitmaps/${window.from + position}`,
    label: `Bitmap "${entry.name}"`,
    detail: `a bit for each ${sizeText(2 ** entry.granularityBits)}, table at ${hex(entry.tableOffset)}`,
    use: 'bitmap',
    at: outline.bitmapDirectory!.at + entry.at,
    length: entry.length,
    childCount: presentEntries(storage, tableOf(entry)).length,
  }));
}

function bitmapTableChildren({ storage, outline }: Scope, path: string, entry: BitmapEntry, window: Window) {
  const coverage = outline.geometry.clusterSize * 8 * 2 ** entry.granularityBits;
  return inWindow(presentEntries(storage, tableOf(entry)), window).map((tableIndex) => {
    const at = entry.tableOffset + tableIndex * 8;
    return leaf({
      path: `${path}/${tableIndex}`,
      label: `Table${indexText(tableIndex, 1)}`,
      detail: `${guestRangeText(tableIndex * coverage, coverage)}: ${bitmapTableEntryText(...halvesAt(storage, at)).value}`,
      use: 'bitmap',
      at,
      length: 8,
    });
  });
}

function tableOf({ tableOffset, tableSize }: BitmapEntry): TablePlace {
  return { at: tableOffset, entryCount: Math.min(tableSize, BITMAP_TABLE_ENTRIES_MAX) };
}
