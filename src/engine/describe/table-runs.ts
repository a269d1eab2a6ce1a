import { viewOf } from '../bytes/big-endian.ts';
import type { HostOffset } from '../format/addresses.ts';
import type { Geometry } from '../format/geometry.ts';
import { getRefcount } from '../format/refcount-block.ts';
import type { Storage } from '../storage/storage.ts';
import { l2EntryText } from './entry-text.ts';
import { readTable, type TablePlace } from './outline.ts';

/** Neighbouring entries of a table that say the same, or that continue each other. */
export interface EntryRun {
  readonly first: number;
  readonly count: number;
  /** What the first of them says. */
  readonly value: string;
  /** The host offset that the first of them points to. */
  readonly target: HostOffset | null;
}

/** Indexes of the entries of a table of pointers that are not 0. */
export function presentEntries(storage: Storage, table: TablePlace): number[] {
  const present: number[] = [];
  for (const { index, count, view } of readTable(storage, table)) {
    for (let entry = 0; entry < count; entry++) {
      if (view.getUint32(entry * 8) !== 0 || view.getUint32(entry * 8 + 4) !== 0) present.push(index + entry);
    }
  }
  return present;
}

/** An L2 table in runs: the same kind on contiguous host clusters; entries that say nothing are left out. */
export function l2Runs(storage: Storage, geometry: Geometry, at: HostOffset): EntryRun[] {
  const { clusterSize, l2EntrySize, l2Entries } = geometry;
  const bytes = new Uint8Array(clusterSize);
  storage.read(at, bytes);
  const view = viewOf(bytes);
  const half = (index: number, word: number) =>
    word < l2EntrySize / 4 ? view.getUint32(index * l2EntrySize + word * 4) : 0;
  const isEmpty = (index: number) => [0, 1, 2, 3].every((word) => half(index, word) === 0);
  const continues = (index: number) => {
    const isSameKind =
      half(index, 2) === half(index - 1, 2) &&
      half(index, 3) === half(index - 1, 3) &&
      (half(index, 0) & 0xff000000) === (half(index - 1, 0) & 0xff000000) &&
      (half(index, 1) & 0x1ff) === (half(index - 1, 1) & 0x1ff) &&
      (half(index, 0) & 0x40000000) === 0;
    if (!isSameKind) return false;
    const [previous, next] = [offsetIn(half, index - 1), offsetIn(half, index)];
    return previous === 0 ? next === 0 : next === previous + clusterSize;
  };
  const runs: EntryRun[] = [];
  for (let index = 0; index < l2Entries;) {
    let next = index + 1;
    if (isEmpty(index)) {
      index = next;
      continue;
    }
    while (next < l2Entries && continues(next)) next++;
    const text = l2EntryText(geometry, half(index, 0), half(index, 1), half(index, 3), half(index, 2));
    runs.push({ first: index, count: next - index, value: text.value, target: text.target });
    index = next;
  }
  return runs;
}

function offsetIn(half: (index: number, word: number) => number, index: number): HostOffset {
  return (half(index, 0) & 0x00ffffff) * 2 ** 32 + ((half(index, 1) & 0xfffffe00) >>> 0);
}

/** A refcount block in runs of equal refcounts; refcounts of 0 are left out. */
export function refcountRuns(storage: Storage, geometry: Geometry, at: HostOffset) {
  const { clusterSize, refcountBits, refcountBlockEntries } = geometry;
  const block = new Uint8Array(clusterSize);
  storage.read(at, block);
  const runs: { first: number; count: number; refcount: number }[] = [];
  for (let index = 0; index < refcountBlockEntries;) {
    const refcount = getRefcount(block, refcountBits, index);
    let next = index + 1;
    while (next < refcountBlockEntries && getRefcount(block, refcountBits, next) === refcount) next++;
    if (refcount !== 0) runs.push({ first: index, count: next - index, refcount });
    index = next;
  }
  return runs;
}
