import type { HostOffset } from '../format/addresses.ts';
import { viewOf } from '../bytes/big-endian.ts';
import type { Storage } from '../storage/storage.ts';
import type { Outline, TablePlace } from './outline.ts';
import type { StructureNode } from './use.ts';

/** What the branches of the structure tree work on. */
export interface Scope {
  readonly storage: Storage;
  readonly outline: Outline;
}

/** Which children are wanted: those with an index from `from` up to `end`, exclusive. */
export interface Window {
  readonly from: number;
  readonly end: number;
}

export function inWindow<T>(items: readonly T[], { from, end }: Window): T[] {
  return items.slice(from, end);
}

export function leaf(node: Omit<StructureNode, 'childCount'>): StructureNode {
  return { ...node, childCount: 0 };
}

/** The two halves of the 64-bit entry at a host offset. */
export function halvesAt(storage: Storage, at: HostOffset): [number, number] {
  const bytes = new Uint8Array(8);
  storage.read(at, bytes);
  const view = viewOf(bytes);
  return [view.getUint32(0), view.getUint32(4)];
}

/** Where entry `index` of a table points; 0 for nowhere and for an index that the table does not have. */
export function pointerAt(
  storage: Storage,
  table: TablePlace,
  index: number,
  offsetIn: (high: number, low: number) => HostOffset,
): HostOffset {
  if (!(index >= 0 && index < table.entryCount)) return 0;
  return offsetIn(...halvesAt(storage, table.at + index * 8));
}
