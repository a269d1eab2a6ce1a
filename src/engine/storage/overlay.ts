import { EngineError } from '../errors.ts';
import type { HostOffset } from '../format/addresses.ts';
import { OVERLAY_BLOCK_SIZE, OverlayIndex, type ChangedRange, type OverlayPiece } from './overlay-index.ts';
import { OverlayJournal, type BaseVersion } from './overlay-journal.ts';
import type { StorageRange, Storage } from './storage.ts';

export interface OverlayParts {
  /** The original; only ever read. */
  readonly base: Storage;
  readonly baseVersion: BaseVersion;
  /** Changed blocks, one slot each in order of their first change. */
  readonly data: Storage;
  /** Which block stands in which slot. */
  readonly journal: Storage;
}

/**
 * Edits over an original that stays untouched, kept in two files that survive a reload and a crash: after a flush the
 * data stands before the journal says so. The overlay knows which state of the original it belongs to and refuses any
 * other as `stale`. Closing it closes its parts.
 */
export class OverlayStorage implements Storage {
  readonly isReadOnly: boolean;
  readonly willRead?: (ranges: readonly StorageRange[]) => void;
  readonly #base: Storage;
  readonly #baseVersion: BaseVersion;
  readonly #data: Storage;
  readonly #journal: OverlayJournal;
  #index: OverlayIndex;
  #isClosed = false;

  constructor({ base, baseVersion, data, journal }: OverlayParts) {
    this.#base = base;
    // Few blocks have changed where the base is a large file.
    if (base.willRead !== undefined) this.willRead = (ranges) => base.willRead!(ranges);
    this.#baseVersion = baseVersion;
    this.#data = data;
    this.#journal = new OverlayJournal(journal);
    this.#index = new OverlayIndex(base.size);
    this.isReadOnly = data.isReadOnly || journal.isReadOnly;
    this.#replay();
  }

  get size(): number {
    return this.#index.size;
  }

  get hasChanges(): boolean {
    return this.#index.hasChanges;
  }

  /** Bytes at the start of the original that still count, where not changed; the rest of it was cut off. */
  get baseLimit(): number {
    return this.#index.baseLimit;
  }

  get changedBlockCount(): number {
    return this.#index.slots.size;
  }

  /** The changed blocks in order, neighbours joined, cut at the end of the image. */
  changedRanges(): ChangedRange[] {
    return this.#index.changedRanges();
  }

  /** Where the bytes of the image stand, in order; for putting it together without reading it. */
  pieces(): Iterable<OverlayPiece> {
    return this.#index.pieces();
  }

  read(at: HostOffset, into: Uint8Array): void {
    this.#mustBeOpen();
    for (const { block, start, from, to } of parts(at, into.length)) {
      const slot = this.#index.slots.get(block);
      const part = into.subarray(from, to);
      if (slot === undefined) this.#readBase(block * OVERLAY_BLOCK_SIZE + start, part);
      else this.#data.read(slot * OVERLAY_BLOCK_SIZE + start, part);
    }
  }

  write(at: HostOffset, bytes: Uint8Array): void {
    this.#mustBeWritable();
    for (const { block, start, from, to } of parts(at, bytes.length)) {
      const part = bytes.subarray(from, to);
      const slot = this.#index.slots.get(block);
      if (slot === undefined) this.#writeNewSlot(block, start, part, this.#blockOfBase(block, part));
      else this.#data.write(slot * OVERLAY_BLOCK_SIZE + start, part, 'guest-data');
    }
    if (bytes.length > 0 && at + bytes.length > this.size) this.#index.setSize(at + bytes.length);
  }

  truncate(size: number): void {
    this.#mustBeWritable();
    if (size === this.size) return;
    const lastBlock = Math.floor(size / OVERLAY_BLOCK_SIZE);
    const keptBytes = size % OVERLAY_BLOCK_SIZE;
    if (size > this.size || keptBytes === 0 || !this.#index.slots.has(lastBlock)) return this.#index.setSize(size);
    // Into a new slot: zeroing the cut-off bytes in place would lose them if a crash undid the cut itself.
    const kept = new Uint8Array(keptBytes);
    this.read(lastBlock * OVERLAY_BLOCK_SIZE, kept);
    this.#writeNewSlot(lastBlock, 0, kept, new Uint8Array(OVERLAY_BLOCK_SIZE));
    this.#index.setSize(size);
  }

  /** The old bytes stay: a discard saves no space here, and each block it changed would have to be saved. */
  discard(): void {
    this.#mustBeWritable();
  }

  flush(): void {
    this.#mustBeOpen();
    if (this.isReadOnly) return;
    this.#data.flush('flush-guest');
    if (this.#index.pending.length === 0) return;
    this.#journal.append(this.#baseVersion, this.#index.pending);
    this.#index.forgetPending();
  }

  close(): void {
    if (this.#isClosed) return;
    try {
      if (!this.isReadOnly && this.#index.pending.length > 0) this.flush();
    } finally {
      this.#isClosed = true;
      this.#base.close();
      this.#data.close();
      this.#journal.close();
    }
  }

  /**
   * To be called before the changes are written into the base: if a crash comes after that and before the overlay's files
   * are removed, the next open sees that the base has become what the overlay shows, and does not call it stale.
   */
  markSaving(): void {
    this.#mustBeWritable();
    this.#index.markSaving();
    this.flush();
  }

  #replay(): void {
    const contents = this.#journal.read();
    if (contents === null || contents.records.length === 0) {
      // An index without changes belongs to any state of the base.
      if (contents !== null && !this.isReadOnly) this.#journal.reset();
      return;
    }
    for (const record of contents.records) this.#index.apply(record);
    const { version } = contents;
    if (version.size === this.#baseVersion.size && version.modified === this.#baseVersion.modified) return;
    if (contents.records.at(-1)?.kind !== 'saving' || !this.#baseEqualsOverlay()) {
      const changes = `${this.changedBlockCount} changed blocks belong to its earlier content.`;
      throw new EngineError(
        'stale',
        'The file was changed on disk by another program since changes to it were kept here.',
        { hint: `${changes} They are kept until you discard them.` },
      );
    }
    if (!this.isReadOnly) forget(this.#journal, this.#data);
    this.#index = new OverlayIndex(this.#base.size);
  }

  /** Puts a block into a slot of its own: `bytes` over what stood `under` them. */
  #writeNewSlot(block: number, start: number, bytes: Uint8Array, under: Uint8Array): void {
    under.set(bytes, start);
    const slot = this.#index.nextSlot;
    this.#data.write(slot * OVERLAY_BLOCK_SIZE, under, 'guest-data');
    // Growth before the block: replaying a block past the end of the image would drop it.
    const end = block * OVERLAY_BLOCK_SIZE + start + bytes.length;
    if (end > this.size) this.#index.setSize(end);
    this.#index.assign(block, slot);
  }

  #blockOfBase(block: number, over: Uint8Array): Uint8Array {
    const bytes = new Uint8Array(OVERLAY_BLOCK_SIZE);
    if (over.length < OVERLAY_BLOCK_SIZE) this.#readBase(block * OVERLAY_BLOCK_SIZE, bytes);
    return bytes;
  }

  #readBase(at: HostOffset, into: Uint8Array): void {
    const length = Math.max(0, Math.min(into.length, this.#index.baseLimit - at));
    if (length > 0) this.#base.read(at, into.subarray(0, length));
    into.fill(0, length);
  }

  #baseEqualsOverlay(): boolean {
    if (this.#base.size !== this.size) return false;
    const ours = new Uint8Array(OVERLAY_BLOCK_SIZE);
    const theirs = new Uint8Array(OVERLAY_BLOCK_SIZE);
    for (const [block, slot] of this.#index.slots) {
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
