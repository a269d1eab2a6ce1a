import { ceilDiv } from '../bytes/align.ts';
import type { HostOffset } from '../format/addresses.ts';
import type { JournalRecord } from './overlay-journal.ts';

/** Bytes of a block: what is kept, listed and saved as a whole. */
export const OVERLAY_BLOCK_SIZE = 64 * 1024;

export interface ChangedRange {
  readonly at: HostOffset;
  readonly length: number;
}

/** Bytes of the image as they stand in the original or in the data file; `zeros` stand nowhere. */
export interface OverlayPiece {
  readonly from: 'base' | 'data' | 'zeros';
  readonly at: number;
  readonly length: number;
}

/** Which blocks were changed and where they stand, and how much of the original still shows; what the journal records. */
export class OverlayIndex {
  readonly #baseSize: number;
  readonly #slots = new Map<number, number>();
  #slotCount = 0;
  #size: number;
  #baseLimit: number;
  #pending: JournalRecord[] = [];

  constructor(baseSize: number) {
    this.#baseSize = baseSize;
    this.#size = baseSize;
    this.#baseLimit = baseSize;
  }

  get size(): number {
    return this.#size;
  }

  /** Bytes of the original that still count; what was cut off stays cut off when the image grows again. */
  get baseLimit(): number {
    return this.#baseLimit;
  }

  get hasChanges(): boolean {
    return this.#slots.size > 0 || this.#size !== this.#baseSize || this.#baseLimit !== this.#baseSize;
  }

  /** Changed blocks and their slots. */
  get slots(): ReadonlyMap<number, number> {
    return this.#slots;
  }

  /** The slot that the next changed block gets. */
  get nextSlot(): number {
    return this.#slotCount;
  }

  assign(block: number, slot: number): void {
    this.#record({ kind: 'block', block, slot });
  }

  setSize(size: number): void {
    this.#record({ kind: 'size', size, baseLimit: Math.min(this.#baseLimit, size) });
  }

  markSaving(): void {
    this.#record({ kind: 'saving' });
  }

  /** Changes that the journal does not have yet. */
  get pending(): readonly JournalRecord[] {
    return this.#pending;
  }

  forgetPending(): void {
    this.#pending = [];
  }

  apply(record: JournalRecord): void {
    switch (record.kind) {
      case 'block':
        this.#slots.set(record.block, record.slot);
        this.#slotCount = Math.max(this.#slotCount, record.slot + 1);
        return;
      case 'size':
        this.#size = record.size;
        this.#baseLimit = record.baseLimit;
        return this.#dropSlotsPastEnd();
      case 'saving':
        return;
    }
  }

  /** The changed blocks in order, neighbours joined, cut at the end of the image. */
  changedRanges(): ChangedRange[] {
    const ranges: { at: number; length: number }[] = [];
    for (const block of [...this.#slots.keys()].sort((a, b) => a - b)) {
      const at = block * OVERLAY_BLOCK_SIZE;
      const length = Math.min(OVERLAY_BLOCK_SIZE, this.#size - at);
      const last = ranges.at(-1);
      if (last !== undefined && last.at + last.length === at) last.length += length;
      else ranges.push({ at, length });
    }
    return ranges;
  }

  /** Where the bytes of the image stand, in order. */
  *pieces(): Generator<OverlayPiece> {
    let at = 0;
    for (const range of [...this.changedRanges(), { at: this.#size, length: 0 }]) {
      yield* this.#unchanged(at, range.at);
      for (at = range.at; at < range.at + range.length; at += OVERLAY_BLOCK_SIZE) {
        const slot = this.#slots.get(at / OVERLAY_BLOCK_SIZE)!;
        yield { from: 'data', at: slot * OVERLAY_BLOCK_SIZE, length: Math.min(OVERLAY_BLOCK_SIZE, this.#size - at) };
      }
    }
  }

  *#unchanged(from: number, to: number): Generator<OverlayPiece> {
    const baseEnd = Math.min(to, Math.max(from, this.#baseLimit));
    if (baseEnd > from) yield { from: 'base', at: from, length: baseEnd - from };
    if (to > baseEnd) yield { from: 'zeros', at: baseEnd, length: to - baseEnd };
  }

  #record(record: JournalRecord): void {
    this.apply(record);
    this.#pending.push(record);
  }

  #dropSlotsPastEnd(): void {
    const blockCount = ceilDiv(this.#size, OVERLAY_BLOCK_SIZE);
    for (const block of this.#slots.keys()) {
      if (block >= blockCount) this.#slots.delete(block);
    }
  }
}
