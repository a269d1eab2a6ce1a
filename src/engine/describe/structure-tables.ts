import { offsetOf } from '../format/l1-entry.ts';
import { refcountBlockOffsetOf } from './annotate-refcounts.ts';
import { guestRangeText, indexText, refcountText } from './entry-text.ts';
import { hex } from './field-text.ts';
import type { TablePlace } from './outline.ts';
import { inWindow, leaf, pointerAt, type Scope, type Window } from './structure-node.ts';
import { l2Runs, presentEntries, refcountRuns } from './table-runs.ts';
import type { StructureNode } from './use.ts';

/** The L2 tables of an L1 table; below one of them, its runs of entries. */
export function l1Children(
  { storage, outline }: Scope,
  l1: TablePlace & { readonly path: string; readonly use: 'l2' | 'snapshot-l2' },
  [index, ...rest]: readonly string[],
  window: Window,
): StructureNode[] {
  const { geometry } = outline;
  const runsOf = (l1Index: number) => {
    const at = pointerAt(storage, l1, l1Index, offsetOf);
    return { at, runs: at === 0 ? [] : l2Runs(storage, geometry, at) };
  };
  if (rest.length > 0) return [];
  if (index === undefined) {
    return inWindow(presentEntries(storage, l1), window).map((l1Index) => {
      const { at, runs } = runsOf(l1Index);
      return {
        path: `${l1.path}/${l1Index}`,
        label: `L2 table ${l1Index}`,
        detail: guestRangeText(l1Index * geometry.l2Coverage, geometry.l2Coverage),
        use: l1.use,
        at,
        length: geometry.clusterSize,
        childCount: runs.length,
      };
    });
  }
  const l1Index = Number(index);
  const { at, runs } = runsOf(l1Index);
  return inWindow(runs, window).map(({ first, count, value }) => {
    const guest = l1Index * geometry.l2Coverage + first * geometry.clusterSize;
    return leaf({
      path: `${l1.path}/${l1Index}/${first}`,
      label: `L2[${l1Index}]${indexText(first, count)}`,
      detail: `${guestRangeText(guest, count * geometry.clusterSize)}: ${value}`,
      use: l1.use,
      at: at + first * geometry.l2EntrySize,
      length: count * geometry.l2EntrySize,
    });
  });
}

/** The refcount blocks; below one of them, its runs of equal refcounts. */
export function refcountChildren(
  { storage, outline }: Scope,
  [index, ...rest]: readonly string[],
  window: Window,
): StructureNode[] {
  const { geometry, refcountTable } = outline;
  const { clusterSize, refcountBits, refcountBlockEntries, refcountBlockCoverage } = geometry;
  const runsOf = (tableIndex: number) => {
    const at = pointerAt(storage, refcountTable, tableIndex, refcountBlockOffsetOf);
    return { at, runs: at === 0 ? [] : refcountRuns(storage, geometry, at) };
  };
  if (rest.length > 0) return [];
  if (index === undefined) {
    return inWindow(presentEntries(storage, refcountTable), window).map((tableIndex) => {
      const { at, runs } = runsOf(tableIndex);
      const start = tableIndex * refcountBlockCoverage;
      return {
        path: `refcounts/${tableIndex}`,
        label: `Refcount block ${tableIndex}`,
        detail: `refcounts of host ${hex(start)}–${hex(start + refcountBlockCoverage - 1)}`,
        use: 'refcount-block',
        at,
        length: clusterSize,
        childCount: runs.length,
      };
    });
  }
  const tableIndex = Number(index);
  const { at: block, runs } = runsOf(tableIndex);
  return inWindow(runs, window).map(({ first, count, refcount }) => {
    const cluster = tableIndex * refcountBlockEntries + first;
    const at = block + Math.floor((first * refcountBits) / 8);
    return leaf({
      path: `refcounts/${tableIndex}/${first}`,
      label: count === 1 ? `Host cluster ${cluster}` : `Host clusters ${cluster}–${cluster + count - 1}`,
      detail: refcountText(refcount),
      use: 'refcount-block',
      at,
      length: block + Math.ceil(((first + count) * refcountBits) / 8) - at,
    });
  });
}
