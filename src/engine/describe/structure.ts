import type { HostOffset } from '../format/addresses.ts';
import type { BitmapEntry } from '../format/bitmap-directory.ts';
import { EXTENSION_FEATURE_NAMES, EXTENSION_HEADER } from '../format/header-extensions.ts';
import { decodeFeatureNames, FEATURE_NAME_RECORD_SIZE } from '../format/feature-name-table.ts';
import { offsetOf } from '../format/l1-entry.ts';
import type { SnapshotEntry } from '../format/snapshot-table.ts';
import type { Storage } from '../storage/storage.ts';
import { viewOf } from '../bytes/big-endian.ts';
import { extensionLabel } from './annotate-header.ts';
import { refcountBlockOffsetOf } from './annotate-refcounts.ts';
import { bitmapTableEntryText, guestRangeText, indexText, refcountText } from './entry-text.ts';
import { hex, plural } from './field-text.ts';
import { outlineBitmaps, outlineSnapshots, readOutline, snapshotL1, type Outline, type TablePlace } from './outline.ts';
import { extensionRows, extensionText, headerRows } from './rows.ts';
import { sizeText } from './size-text.ts';
import { l2Runs, presentEntries, refcountRuns } from './table-runs.ts';
import type { ClusterUse, StructureNode } from './use.ts';

/**
 * The children of a node of the structure tree, `count` of them from index `from` on. The root's path is empty; every
 * other path is the one that its parent gave. Tables are read only when asked for, and a path that no longer leads
 * anywhere (the image changed) has no children.
 */
export function structureChildren(storage: Storage, path: string, from: number, count: number): StructureNode[] {
  const outline = readOutline(storage);
  if (outline === null) return [];
  const [place = '', ...steps] = path === '' ? [] : path.split('/');
  const tree = new Tree(storage, outline);
  const window = { from, end: from + count };
  switch (place) {
    case '':
      return tree.roots().slice(window.from, window.end);
    case 'header':
      return tree.headerFields().slice(window.from, window.end);
    case 'extensions':
      return tree.extensions(steps).slice(window.from, window.end);
    case 'refcounts':
      return tree.refcounts(steps, window);
    case 'l1':
      return tree.tables(path, outline.l1, steps, window, false);
    case 'snapshots':
      return tree.snapshots(path, steps, window);
    case 'bitmaps':
      return tree.bitmaps(path, steps, window);
    default:
      return [];
  }
}

interface Window {
  readonly from: number;
  readonly end: number;
}

class Tree {
  readonly #storage: Storage;
  readonly #outline: Outline;

  constructor(storage: Storage, outline: Outline) {
    this.#storage = storage;
    this.#outline = outline;
  }

  roots(): StructureNode[] {
    const { header, geometry, extensions, refcountTable, l1, bitmapDirectory, luks } = this.#outline;
    const extensionCount = extensions.extensions.length + (extensions.overrun === null ? 0 : 1);
    const extensionsAt = extensions.extensions[0]?.at ?? extensions.overrun?.at ?? 0;
    const snapshots = Array.from(outlineSnapshots(this.#storage, this.#outline));
    const lastSnapshot = snapshots.at(-1);
    const blocks = presentEntries(this.#storage, refcountTable).length;
    const l2Tables = presentEntries(this.#storage, l1).length;
    const nodes: StructureNode[] = [
      {
        path: 'header',
        label: 'Header',
        detail: `version ${header.version}, ${sizeText(header.virtualSize)}`,
        use: 'header',
        at: 0,
        length: geometry.clusterSize,
        childCount: this.headerFields().length,
      },
      {
        path: 'extensions',
        label: 'Header extensions',
        detail: plural(extensionCount, 'extension'),
        use: 'header',
        at: extensionsAt,
        length: extensionCount === 0 ? 0 : (extensions.endMarkerAt ?? geometry.clusterSize) - extensionsAt,
        childCount: extensionCount,
      },
      {
        ...tableNode('refcounts', 'Refcount table', 'refcount-table', refcountTable),
        detail: plural(blocks, 'refcount block'),
        childCount: blocks,
      },
      { ...tableNode('l1', 'L1 table', 'l1', l1), detail: plural(l2Tables, 'L2 table'), childCount: l2Tables },
    ];
    if (lastSnapshot !== undefined) {
      nodes.push({
        path: 'snapshots',
        label: 'Snapshots',
        detail: plural(snapshots.length, 'snapshot'),
        use: 'snapshot-table',
        at: header.snapshotsOffset,
        length: lastSnapshot.at + lastSnapshot.length - header.snapshotsOffset,
        childCount: snapshots.length,
      });
    }
    if (bitmapDirectory !== null) {
      const bitmapCount = outlineBitmaps(this.#storage, this.#outline).length;
      nodes.push({
        path: 'bitmaps',
        label: 'Bitmaps',
        detail: plural(bitmapCount, 'bitmap'),
        use: 'bitmap',
        ...bitmapDirectory,
        childCount: bitmapCount,
      });
    }
    if (luks !== null) {
      nodes.push(leaf({ path: 'luks', label: 'LUKS header', detail: sizeText(luks.length), use: 'luks', ...luks }));
    }
    return nodes;
  }

  headerFields(): StructureNode[] {
    return headerRows(this.#storage).map(({ field, value, at, length }) =>
      leaf({ path: `header/${field}`, label: field, detail: value, use: 'header', at, length }),
    );
  }

  extensions([index]: string[]): StructureNode[] {
    const { extensions } = this.#outline.extensions;
    if (index !== undefined) return this.#featureNames(Number(index));
    return extensionRows(this.#storage).map(({ name, at, length, value }, position) => {
      const extension = extensions[position];
      const names = extension?.magic === EXTENSION_FEATURE_NAMES ? decodeFeatureNames(extension.data).length : 0;
      return {
        path: `extensions/${position}`,
        label: extension === undefined ? name : extensionLabel(extension.magic),
        detail: extension === undefined ? value : extensionText(extension),
        use: 'header' as const,
        at,
        length: EXTENSION_HEADER.size + length,
        childCount: names,
      };
    });
  }

  #featureNames(index: number): StructureNode[] {
    const extension = this.#outline.extensions.extensions[index];
    if (extension?.magic !== EXTENSION_FEATURE_NAMES) return [];
    return decodeFeatureNames(extension.data).map(({ kind, bit, name }, position) =>
      leaf({
        path: `extensions/${index}/${position}`,
        label: `${kind ?? 'unknown kind'} bit ${bit}`,
        detail: name,
        use: 'header',
        at: extension.at + EXTENSION_HEADER.size + position * FEATURE_NAME_RECORD_SIZE,
        length: FEATURE_NAME_RECORD_SIZE,
      }),
    );
  }

  refcounts([index]: string[], window: Window): StructureNode[] {
    const { geometry, refcountTable } = this.#outline;
    if (index !== undefined) return this.#refcountBlock(Number(index), window);
    return presentEntries(this.#storage, refcountTable)
      .slice(window.from, window.end)
      .map((tableIndex) => {
        const at = this.#pointer(refcountTable, tableIndex, refcountBlockOffsetOf);
        const hostStart = tableIndex * geometry.refcountBlockCoverage;
        return {
          path: `refcounts/${tableIndex}`,
          label: `Refcount block ${tableIndex}`,
          detail: `refcounts of host ${hex(hostStart)}–${hex(hostStart + geometry.refcountBlockCoverage - 1)}`,
          use: 'refcount-block' as const,
          at,
          length: geometry.clusterSize,
          childCount: at === 0 ? 0 : refcountRuns(this.#storage, geometry, at).length,
        };
      });
  }

  #refcountBlock(tableIndex: number, window: Window): StructureNode[] {
    const { geometry, refcountTable } = this.#outline;
    const block = this.#pointer(refcountTable, tableIndex, refcountBlockOffsetOf);
    if (block === 0) return [];
    return refcountRuns(this.#storage, geometry, block)
      .slice(window.from, window.end)
      .map(({ first, count, refcount }) => {
        const cluster = tableIndex * geometry.refcountBlockEntries + first;
        const at = block + Math.floor((first * geometry.refcountBits) / 8);
        return leaf({
          path: `refcounts/${tableIndex}/${first}`,
          label: `Host clusters ${cluster}${count === 1 ? '' : `–${cluster + count - 1}`}`,
          detail: refcountText(refcount),
          use: 'refcount-block',
          at,
          length: block + Math.ceil(((first + count) * geometry.refcountBits) / 8) - at,
        });
      });
  }

  /** L2 tables of an L1 table, or with one more step the runs of one of them. */
  tables(path: string, l1: TablePlace, [index]: string[], window: Window, isSnapshot: boolean): StructureNode[] {
    const { geometry } = this.#outline;
    if (index !== undefined) return this.#l2Runs(path, l1, Number(index), window, isSnapshot);
    return presentEntries(this.#storage, l1)
      .slice(window.from, window.end)
      .map((l1Index) => {
        const at = this.#pointer(l1, l1Index, offsetOf);
        return {
          path: `${path}/${l1Index}`,
          label: `L2 table ${l1Index}`,
          detail: guestRangeText(l1Index * geometry.l2Coverage, geometry.l2Coverage),
          use: isSnapshot ? ('snapshot-l2' as const) : ('l2' as const),
          at,
          length: geometry.clusterSize,
          childCount: at === 0 ? 0 : l2Runs(this.#storage, geometry, at).length,
        };
      });
  }

  #l2Runs(path: string, l1: TablePlace, l1Index: number, window: Window, isSnapshot: boolean): StructureNode[] {
    const { geometry } = this.#outline;
    const table = this.#pointer(l1, l1Index, offsetOf);
    const use: ClusterUse = isSnapshot ? 'snapshot-l2' : 'l2';
    if (table === 0) return [];
    return l2Runs(this.#storage, geometry, table)
      .slice(window.from, window.end)
      .map(({ first, count, value }) => {
        const guest = l1Index * geometry.l2Coverage + first * geometry.clusterSize;
        return leaf({
          path: `${path}/${first}`,
          label: `L2[${l1Index}]${indexText(first, count)}`,
          detail: `${guestRangeText(guest, count * geometry.clusterSize)}: ${value}`,
          use,
          at: table + first * geometry.l2EntrySize,
          length: count * geometry.l2EntrySize,
        });
      });
  }

  /** The snapshots; below one, its L2 tables, and below those their runs. */
  snapshots(path: string, [index, ...steps]: string[], window: Window): StructureNode[] {
    const snapshots = Array.from(outlineSnapshots(this.#storage, this.#outline));
    if (index !== undefined) {
      const entry = snapshots[Number(index)];
      return entry === undefined ? [] : this.tables(path, snapshotL1(entry), steps, window, true);
    }
    return snapshots
      .slice(window.from, window.end)
      .map((entry, position) => this.#snapshot(entry, window.from + position));
  }

  #snapshot(entry: SnapshotEntry, index: number): StructureNode {
    const l2Tables = presentEntries(this.#storage, snapshotL1(entry)).length;
    return {
      path: `snapshots/${index}`,
      label: `Snapshot ${entry.id} "${entry.name}"`,
      detail: `L1 table at ${hex(entry.l1TableOffset)}, ${plural(l2Tables, 'L2 table')}`,
      use: 'snapshot-table',
      at: entry.at,
      length: entry.length,
      childCount: l2Tables,
    };
  }

  bitmaps(path: string, [index]: string[], window: Window): StructureNode[] {
    const bitmaps = outlineBitmaps(this.#storage, this.#outline);
    if (index !== undefined) {
      const entry = bitmaps[Number(index)];
      return entry === undefined ? [] : this.#bitmapTable(path, entry, window);
    }
    return bitmaps.slice(window.from, window.end).map((entry, position) => ({
      path: `bitmaps/${window.from + position}`,
      label: `Bitmap "${entry.name}"`,
      detail: `a bit for each ${sizeText(2 ** entry.granularityBits)}, table at ${hex(entry.tableOffset)}`,
      use: 'bitmap' as const,
      at: this.#outline.bitmapDirectory!.at + entry.at,
      length: entry.length,
      childCount: presentEntries(this.#storage, bitmapTable(entry)).length,
    }));
  }

  #bitmapTable(path: string, entry: BitmapEntry, window: Window): StructureNode[] {
    const coverage = this.#outline.geometry.clusterSize * 8 * 2 ** entry.granularityBits;
    return presentEntries(this.#storage, bitmapTable(entry))
      .slice(window.from, window.end)
      .map((tableIndex) => {
        const at = entry.tableOffset + tableIndex * 8;
        const [high, low] = this.#halves(at);
        return leaf({
          path: `${path}/${tableIndex}`,
          label: `Table${indexText(tableIndex, 1)}`,
          detail: `${guestRangeText(tableIndex * coverage, coverage)}: ${bitmapTableEntryText(high, low).value}`,
          use: 'bitmap',
          at,
          length: 8,
        });
      });
  }

  #pointer(table: TablePlace, index: number, offsetIn: (high: number, low: number) => HostOffset): HostOffset {
    if (!(index >= 0 && index < table.entryCount)) return 0;
    const [high, low] = this.#halves(table.at + index * 8);
    return offsetIn(high, low);
  }

  #halves(at: HostOffset): [number, number] {
    const bytes = new Uint8Array(8);
    this.#storage.read(at, bytes);
    const view = viewOf(bytes);
    return [view.getUint32(0), view.getUint32(4)];
  }
}

function bitmapTable(entry: BitmapEntry): TablePlace {
  return { at: entry.tableOffset, entryCount: entry.tableSize };
}

function tableNode(path: string, label: string, use: ClusterUse, { at, entryCount }: TablePlace) {
  return { path, label, use, at, length: entryCount * 8 };
}

function leaf(node: Omit<StructureNode, 'childCount'>): StructureNode {
  return { ...node, childCount: 0 };
}
