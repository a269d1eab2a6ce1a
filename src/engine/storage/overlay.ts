import { ceilDiv } from '../bytes/align.ts';
import { EngineError } from '../errors.ts';
import type { HostOffset } from '../format/addresses.ts';
import { OverlayJournal, type BaseVersion, type JournalRecord } from './overlay-journal.ts';
import type { Storage } from './storage.ts';

/** Bytes of a block: what is kept, listed and saved as a whole. */
export const OVERLAY_BLOCK_SIZE = 64 * 1024;

export interface OverlayParts {
  /** The original; only ever read. */
  readonly base: Storage;
  readonly baseVersion: BaseVersion;
  /** Changed blocks, one slot each in order of their first change. */
  readonly data: Storage;
  /** Which block stands in which slot. */
  readonly journal: Storage;
}

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

/**
 * Edits over an original that stays untouched, kept in two files that survive a reload and a crash: after a flush the
 * data stands before the journal says so. The overlay knows which state of the original it belongs to and refuses any
 * other as `stale`. It opens the parts of others: closing it closes all of them.
 */
export class OverlayStorage implements Storage {
  readonly isReadOnly: boolean;
  readonly #base: Storage;
  readonly #data: Storage;
  readonly #journal: OverlayJournal;
  #baseVersion: BaseVersion;
  #slots = new Map<number, number>();
  #slotCount = 0;
  #size: number;
  /** Bytes of the base that still show; what was cut off stays cut off when the image grows again. */
  #baseLimit: number;
  /** Changes of the index since the last flush. */
  #pending: JournalRecord[] = [];
  #isClosed = false;

  constructor({ base, baseVersion, data, journal }: OverlayParts) {
    this.#base = base;
    this.#data = data;
    this.#journal = new OverlayJournal(journal);
    this.#baseVersion = baseVersion;
    this.#size = base.size;
    this.#baseLimit = base.size;
    this.isReadOnly = data.isReadOnly || journal.isReadOnly;
    this.#replay();
  }

  get size(): number {
    return this.#size;
  }

  get hasChanges(): boolean {
    return this.#slots.size > 0 || this.#size !== this.#base.size || this.#baseLimit !== this.#base.size;
  }

  /** Bytes at the start of the original that still count, where not changed; the rest of it was cut off. */
  get baseLimit(): number {
    return this.#baseLimit;
  }

  get changedBlockCount(): number {
    return this.#slots.size;
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

  /** Where the bytes of the image stand, in order; for putting it together without reading it. */
  *pieces(): Generator<OverlayPiece> {
    for (let at = 0; at < this.#size;) {
      const block = Math.floor(at / OVERLAY_BLOCK_SIZE);
      const slot = this.#slots.get(block);
      const length = Math.min(OVERLAY_BLOCK_SIZE, this.#size - at);
      if (slot !== undefined) {
        yield { from: 'data', at: slot * OVERLAY_BLOCK_SIZE, length };
        at += length;
        continue;
      }
      const end = this.#endOfUnchanged(block);
      const baseEnd = Math.min(end, Math.max(at, this.#baseLimit));
      if (baseEnd > at) yield { from: 'base', at, length: baseEnd - at };
      if (end > baseEnd) yield { from: 'zeros', at: baseEnd, length: end - baseEnd };
      at = end;
    }
  }

  read(at: HostOffset, into: Uint8Array): void {
    this.#mustBeOpen();
    for (const { block, start, from, to } of parts(at, into.length)) {
      const slot = this.#slots.get(block);
      const part = into.subarray(from, to);
      if (slot === undefined) this.#readBase(block * OVERLAY_BLOCK_SIZE + start, part);
      else this.#data.read(slot * OVERLAY_BLOCK_SIZE + start, part);
    }
  }

  write(at: HostOffset, bytes: Uint8Array): void {
    this.#mustBeWritable();
    for (const { block, start, from, to } of parts(at, bytes.length)) {
      const part = bytes.subarray(from, to);
      const slot = this.#slots.get(block);
      if (slot === undefined) this.#writeNewSlot(block, start, part);
      else this.#data.write(slot * OVERLAY_BLOCK_SIZE + start, part, 'guest-data');
    }
    if (bytes.length > 0 && at + bytes.length > this.#size) this.#setSize(at + bytes.length);
  }

  truncate(size: number): void {
    this.#mustBeWritable();
    if (size < this.#size) {
      const keptBytes = size % OVERLAY_BLOCK_SIZE;
      const lastBlock = Math.floor(size / OVERLAY_BLOCK_SIZE);
      if (keptBytes > 0 && this.#slots.has(lastBlock)) {
        // Into a new slot: zeroing the cut-off bytes in place would lose them if a crash undid the cut itself.
        const kept = new Uint8Array(keptBytes);
        this.read(lastBlock * OVERLAY_BLOCK_SIZE, kept);
        this.#slots.delete(lastBlock);
        this.#setSize(size);
        return this.#writeNewSlot(lastBlock, 0, kept, new Uint8Array(OVERLAY_BLOCK_SIZE));
      }
    }
    if (size !== this.#size) this.#setSize(size);
  }

  /** The old bytes stay: a discard saves no space here, and each block it changed would have to be saved. */
  discard(): void {
    this.#mustBeWritable();
  }

  flush(): void {
    this.#mustBeOpen();
    if (this.isReadOnly) return;
    this.#data.flush('flush-guest');
    if (this.#pending.length === 0) return;
    this.#journal.append(this.#baseVersion, this.#pending);
    this.#pending = [];
  }

  close(): void {
    if (this.#isClosed) return;
    if (!this.isReadOnly && this.#pending.length > 0) this.flush();
    this.#isClosed = true;
    this.#base.close();
    this.#data.close();
    this.#journal.close();
  }

  /**
   * To be called before the changes are written into the base: if a crash comes after that and before `forgetChanges`,
   * the next open sees that the base has become what the overlay shows, and drops the changes instead of calling them stale.
   */
  markSaving(): void {
    this.#mustBeWritable();
    this.#pending.push({ kind: 'saving' });
    this.flush();
  }

  #endOfUnchanged(block: number): number {
    const blockCount = ceilDiv(this.#size, OVERLAY_BLOCK_SIZE);
    let next = block;
    while (next < blockCount && !this.#slots.has(next)) next++;
    return Math.min(next * OVERLAY_BLOCK_SIZE, this.#size);
  }

  #replay(): void {
    const contents = this.#journal.read();
    if (contents === null || contents.records.length === 0) {
      // An index without changes belongs to any state of the base.
      if (contents !== null && !this.isReadOnly) this.#journal.reset();
      return;
    }
    for (const record of contents.records) this.#apply(record);
    const { version } = contents;
    if (version.size === this.#baseVersion.size && version.modified === this.#baseVersion.modified) return;
    if (contents.records.at(-1)?.kind !== 'saving' || !this.#baseEqualsOverlay()) {
      throw new EngineError(
        'stale',
        'The file was changed on disk by another program since changes to it were kept here.',
        {
          hint: `${this.#slots.size} changed blocks belong to its earlier content. They are kept until you discard them.`,
        },
      );
    }
    if (!this.isReadOnly) forget(this.#journal, this.#data);
    this.#slots.clear();
    this.#slotCount = 0;
    this.#size = this.#baseLimit = this.#base.size;
  }

  #apply(record: JournalRecord): void {
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

  #setSize(size: number): void {
    this.#size = size;
    this.#baseLimit = Math.min(this.#baseLimit, size);
    this.#pending.push({ kind: 'size', size, baseLimit: this.#baseLimit });
    this.#dropSlotsPastEnd();
  }

  #dropSlotsPastEnd(): void {
    const blockCount = ceilDiv(this.#size, OVERLAY_BLOCK_SIZE);
    for (const block of this.#slots.keys()) {
      if (block >= blockCount) this.#slots.delete(block);
    }
  }

  /** Puts a block that the base still shows into a slot of its own, `bytes` over what it showed. */
  #writeNewSlot(block: number, start: number, bytes: Uint8Array, under = this.#blockOfBase(block, bytes)): void {
    under.set(bytes, start);
    // Growth first: replaying a block past the end of the image would drop it.
    const end = block * OVERLAY_BLOCK_SIZE + start + bytes.length;
    if (end > this.#size) this.#setSize(end);
    const slot = this.#slotCount++;
    this.#data.write(slot * OVERLAY_BLOCK_SIZE, under, 'guest-data');
    this.#slots.set(block, slot);
    this.#pending.push({ kind: 'block', block, slot });
  }

  #blockOfBase(block: number, over: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(OVERLAY_BLOCK_SIZE);
    if (over.length < OVERLAY_BLOCK_SIZE) this.#readBase(block * OVERLAY_BLOCK_SIZE, bytes);
    return bytes;
  }

  #readBase(at: HostOffset, into: Uint8Array): void {
    const length = Math.max(0, Math.min(into.length, this.#baseLimit - at));
    if (length > 0) this.#base.read(at, into.subarray(0, length));
    into.fill(0, length);
  }

  #baseEqualsOverlay(): boolean {
    if (this.#base.size !== this.#size) return false;
    const ours = new Uint8Array(OVERLAY_BLOCK_SIZE);
    const theirs = new Uint8Array(OVERLAY_BLOCK_SIZE);
    for (const [block, slot] of this.#slots) {
      this.#data.read(slot * OVERLAY_BLOCK_SIZE, ours);
      this.#base.read(block * OVERLAY_BLOCK_SIZE, theirs);
      if (!ours.every((byte, index) => byte === theirs[index])) return false;
    }
    return true;
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new EngineError('closed', 'The storage was closed.');
  }

  #mustBeWritable(): void {
    this.#mustBeOpen();
    if (this.isReadOnly) throw new EngineError('read-only', 'The changes were opened for reading only.');
  }
}

/** The journal goes first: a slot must never be forgotten while the journal still points to it. */
function forget(journal: OverlayJournal, data: Storage): void {
  journal.reset();
  data.truncate(0, 'truncate');
  data.flush('flush-guest');
}

/** The parts of a range block by block: `start` within the block, `from` and `to` within the caller's buffer. */
function* parts(at: number, length: number): Generator<{ block: number; start: number; from: number; to: number }> {
  for (let from = 0; from < length;) {
    const block = Math.floor((at + from) / OVERLAY_BLOCK_SIZE);
    const start = at + from - block * OVERLAY_BLOCK_SIZE;
    const to = Math.min(length, from + OVERLAY_BLOCK_SIZE - start);
    yield { block, start, from, to };
    from = to;
  }
}
