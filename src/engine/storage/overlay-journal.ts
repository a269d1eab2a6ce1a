import { getU64, setU64, viewOf } from '../bytes/big-endian.ts';
import type { Storage } from './storage.ts';

/** Which state of the base the overlay belongs to. */
export interface BaseVersion {
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
}

/**
 * One change of the overlay's index:
 * - `block`: block `block` of the image now stands in slot `slot` of the data file;
 * - `size`: the image is `size` bytes long, and of the base only the first `baseLimit` bytes still show;
 * - `saving`: everything so far is about to be written into the base.
 */
export type JournalRecord =
  | { readonly kind: 'block'; readonly block: number; readonly slot: number }
  | { readonly kind: 'size'; readonly size: number; readonly baseLimit: number }
  | { readonly kind: 'saving' };

export interface JournalContents {
  readonly version: BaseVersion;
  readonly records: readonly JournalRecord[];
}

const MAGIC = 0x51574f56; // "QWOV"
const FORMAT = 1;
/** The header, and each record after it: kind or magic, checksum, two numbers. */
const RECORD_SIZE = 24;
const KINDS = ['block', 'size', 'saving'] as const;

/** Set in the kind of the last record of those appended together. */
const COMMIT = 0x80000000;

/**
 * The overlay's index as a log. Records are only ever appended, each with a checksum over its place and content; those
 * appended together count together or not at all. What a crash left half written at the end is recognised and cut off.
 */
export class OverlayJournal {
  readonly #file: Storage;
  /** Where the next record goes; 0 while there is no header. */
  #end = 0;

  constructor(file: Storage) {
    this.#file = file;
  }

  /** Null where nothing was ever recorded. */
  read(): JournalContents | null {
    const bytes = new Uint8Array(this.#file.size);
    this.#file.read(0, bytes);
    const header = decode(bytes, 0);
    if (header?.kind !== MAGIC) {
      // Nor must the records behind a torn header, when another one is written.
      if (bytes.length > 0 && !this.#file.isReadOnly) this.reset();
      return null;
    }
    const records: JournalRecord[] = [];
    let committed = 0;
    let at = RECORD_SIZE;
    this.#end = at;
    for (let raw = decode(bytes, at); raw !== null; raw = decode(bytes, at)) {
      records.push(recordOf(raw));
      at += RECORD_SIZE;
      if ((raw.kind & COMMIT) === 0) continue;
      committed = records.length;
      this.#end = at;
    }
    records.length = committed;
    // A whole record behind a torn one must not come back to life when the torn one is overwritten.
    if (bytes.length > this.#end && !this.#file.isReadOnly) {
      this.#file.truncate(this.#end, 'truncate');
      this.#file.flush('flush-ordering');
    }
    return { version: { size: header.a, modified: header.b }, records };
  }

  /** Appends at least one record and makes it durable; writes the header before the first ones. */
  append(version: BaseVersion, records: readonly JournalRecord[]): void {
    const raws = records.map((record, index) => rawOf(record, index === records.length - 1));
    if (this.#end === 0) raws.unshift({ kind: MAGIC, a: version.size, b: version.modified });
    const bytes = new Uint8Array(raws.length * RECORD_SIZE);
    raws.forEach((raw, index) => encode(raw, bytes, index * RECORD_SIZE, this.#end));
    this.#file.write(this.#end, bytes, 'guest-data');
    this.#file.flush('flush-guest');
    this.#end += bytes.length;
  }

  /** Forgets everything, durably. */
  reset(): void {
    this.#file.truncate(0, 'truncate');
    this.#file.flush('flush-guest');
    this.#end = 0;
  }

  close(): void {
    this.#file.close();
  }
}

interface RawRecord {
  readonly kind: number;
  readonly a: number;
  readonly b: number;
}

function rawOf(record: JournalRecord, isLast: boolean): RawRecord {
  const kind = KINDS.indexOf(record.kind) + (isLast ? COMMIT : 0);
  switch (record.kind) {
    case 'block':
      return { kind, a: record.block, b: record.slot };
    case 'size':
      return { kind, a: record.size, b: record.baseLimit };
    case 'saving':
      return { kind, a: 0, b: 0 };
  }
}

function recordOf({ kind, a, b }: RawRecord): JournalRecord {
  switch (KINDS[kind & ~COMMIT]) {
    case 'block':
      return { kind: 'block', block: a, slot: b };
    case 'size':
      return { kind: 'size', size: a, baseLimit: b };
    default:
      return { kind: 'saving' };
  }
}

function encode({ kind, a, b }: RawRecord, bytes: Uint8Array, start: number, base: number): void {
  const view = viewOf(bytes);
  view.setUint32(start, kind);
  setU64(view, start + 8, a);
  setU64(view, start + 16, b);
  view.setUint32(start + 4, checksumOf(bytes, start, base + start));
}

function decode(bytes: Uint8Array, start: number): RawRecord | null {
  if (start + RECORD_SIZE > bytes.length) return null;
  const view = viewOf(bytes);
  if (view.getUint32(start + 4) !== checksumOf(bytes, start, start)) return null;
  return { kind: view.getUint32(start), a: getU64(view, start + 8), b: getU64(view, start + 16) };
}

/** FNV-1a over the record without its checksum, and over its place in the file. */
function checksumOf(bytes: Uint8Array, start: number, at: number): number {
  let hash = 0x811c9dc5 ^ at ^ FORMAT;
  for (let index = 0; index < RECORD_SIZE; index++) {
    if (index < 4 || index >= 8) hash = Math.imul(hash ^ bytes[start + index]!, 0x01000193);
  }
  return hash >>> 0;
}
