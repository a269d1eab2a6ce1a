import { alignDown, alignUp, type HostOffset, type Storage } from '#engine';
import { ScratchStorage } from './scratch-storage.ts';
import { SECTOR } from '../guest/sector-content.ts';
import type { DiskModel } from '../scenario.ts';
import { openEpochBegin, replay, sizeAfter, type Trace, type TraceEvent } from '../trace/trace.ts';

/**
 * The smallest piece of an open epoch that persists or does not. A crash state is the durable file with the persisted
 * atoms applied in their order; any order of arrival gives one of these states, since of two atoms for the same place
 * the later one wins when both arrived, and either may have arrived alone.
 */
export type Atom =
  | {
      readonly kind: 'sectors';
      readonly event: number;
      readonly at: HostOffset;
      readonly bytes: Uint8Array;
    }
  | { readonly kind: 'hole'; readonly event: number; readonly at: HostOffset; readonly length: number }
  /** The file's new size, which may reach the media without the data that made it grow. */
  | { readonly kind: 'size'; readonly event: number; readonly size: number };

/** What a power cut after `cut` events can leave: `durable`, plus any subset (or prefix) of the atoms. */
export interface OpenEpoch {
  readonly begin: number;
  readonly end: number;
  /** The media when every atom is lost. */
  readonly durable: Storage;
  readonly atoms: readonly Atom[];
}

export function openEpochAt(trace: Trace, cut: number, disk: DiskModel): OpenEpoch {
  const flushed = openEpochBegin(trace.events, cut);
  // Without a volatile cache only the write under way can be lost or torn.
  const begin = disk.cache === 'volatile' ? flushed : Math.max(flushed, cut - 1);
  const durable = new ScratchStorage(trace.base);
  for (const event of trace.events.slice(0, begin)) replay(event, durable);
  return { begin, end: cut, durable, atoms: atomsOf(trace.events.slice(begin, cut), begin, durable, disk) };
}

/** Splits the writes of one epoch into atoms; sectors that a write does not change are none (they change no state). */
export function atomsOf(events: readonly TraceEvent[], firstSeq: number, durable: Storage, disk: DiskModel): Atom[] {
  const volatile = new ScratchStorage(durable);
  const atoms: Atom[] = [];
  let grownBy = -1;
  for (const [index, event] of events.entries()) {
    const seq = firstSeq + index;
    if (event.kind === 'write') {
      const pieces = piecesOf(event, volatile, disk.atomicUnit);
      replay(event, volatile);
      for (const piece of pieces) {
        const bytes = new Uint8Array(piece.length);
        volatile.read(piece.at, bytes);
        if (piece.isEffective(bytes)) atoms.push({ kind: 'sectors', event: seq, at: piece.at, bytes });
      }
      if (sizeAfter(event) > event.sizeBefore) grownBy = seq;
    } else if (event.kind === 'discard') {
      replay(event, volatile);
      const isEffective = event.before.some((byte) => byte !== 0);
      if (isEffective) atoms.push({ kind: 'hole', event: seq, at: event.at, length: event.before.length });
    } else if (event.kind === 'truncate') {
      replay(event, volatile);
      grownBy = -1;
      if (event.size !== event.sizeBefore) atoms.push({ kind: 'size', event: seq, size: event.size });
    }
  }
  if (grownBy >= 0) atoms.push({ kind: 'size', event: grownBy, size: volatile.size });
  return atoms;
}

interface Piece {
  readonly at: HostOffset;
  readonly length: number;
  isEffective(after: Uint8Array): boolean;
}

/**
 * The parts of a write that persist together. A write of part of a sector carries the rest of the sector with it, as
 * the host holds it at that moment.
 */
function piecesOf(
  event: TraceEvent & { kind: 'write' },
  volatile: Storage,
  atomicUnit: DiskModel['atomicUnit'],
): Piece[] {
  const start = alignDown(event.at, SECTOR);
  const end = Math.min(alignUp(event.at + event.after.length, SECTOR), sizeAfter(event));
  const unit = atomicUnit === 'write' ? Infinity : atomicUnit;
  const pieces: Piece[] = [];
  for (let at = start; at < end;) {
    const next = unit === Infinity ? end : Math.min(alignDown(at, unit) + unit, end);
    const before = new Uint8Array(next - at);
    volatile.read(at, before);
    pieces.push({ at, length: next - at, isEffective: (after) => after.some((byte, i) => byte !== before[i]) });
    at = next;
  }
  return pieces;
}
