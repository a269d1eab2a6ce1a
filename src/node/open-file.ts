import { fstatSync, type BigIntStats } from 'node:fs';
import { fileInUse, type StorageRun } from '#console';
import { ByteRanges } from './byte-ranges.ts';
import { listData, punchHoles } from './sparse-calls.ts';

/** A hole in the middle of a page frees nothing. */
const PAGE = 4096;
/** So much is gathered before the space is given back: starting a process for it takes some milliseconds. */
const GATHERED_BYTES_MAX = 256 * 1024 * 1024;
const GATHERED_RANGES_MAX = 2 ** 16;

/**
 * A regular file that this process has open: by any number of readers, who share what is known of its holes, or by a single
 * writer, with what of its bytes nobody needs any more.
 */
export class OpenFile {
  readonly #key: string;
  readonly #discarded = new ByteRanges();
  #openCount = 0;
  #hasWriter = false;
  #canPunch = true;
  /** Starts and ends of the runs of data, as long as the file is what it was when they were listed. */
  #data: Float64Array | null = null;
  #dataVersion = '';
  #dataSize = 0;
  /** Whether this turn of the event loop has looked for what other programs did to the file. */
  #isCurrent = false;
  #cannotList = false;

  private constructor(key: string) {
    this.#key = key;
  }

  /**
   * The file of a descriptor that was just opened, by what `fstat` says of it; null for what is no regular file.
   * @throws EngineError locked where this process has it open, and one of both writes to it
   */
  static of(stat: BigIntStats, { path, isWritable }: { readonly path: string; readonly isWritable: boolean }) {
    if (!stat.isFile()) return null;
    const key = `${stat.dev}:${stat.ino}`;
    const known = OPEN_FILES.get(key) ?? new OpenFile(key);
    if (isWritable ? known.#openCount > 0 : known.#hasWriter)
      throw fileInUse(path, isWritable ? 'to-write' : 'no-writer');
    OPEN_FILES.set(key, known);
    known.#openCount++;
    known.#hasWriter = isWritable;
    return known;
  }

  /** To be called before bytes are written, or cut off. */
  noteChange(start: number, end: number): void {
    this.#discarded.remove(start, end);
    this.#data = null;
  }

  /** Remembers that nobody needs a range. */
  discard(file: number, start: number, end: number): void {
    if (!this.#canPunch) return;
    this.#discarded.add(start, end);
    const { byteCount, rangeCount } = this.#discarded;
    if (byteCount >= GATHERED_BYTES_MAX || rangeCount >= GATHERED_RANGES_MAX) this.giveBack(file);
  }

  /** Gives back what was discarded. Only advice, so that it is no failure where the file system has no holes. */
  giveBack(file: number): void {
    if (this.#discarded.rangeCount === 0) return;
    const { size } = fstatSync(file);
    const holes = Array.from(this.#discarded, ({ start, end }) => ({
      start: Math.ceil(start / PAGE) * PAGE,
      end: (end >= size ? Math.ceil(end / PAGE) : Math.floor(end / PAGE)) * PAGE,
    })).filter(({ start, end }) => start < end);
    this.#discarded.clear();
    if (holes.length === 0) return;
    this.#data = null;
    this.#canPunch = punchHoles(file, holes);
  }

  /** What there is at a place, up to where that changes, or the end; null where the system does not tell. */
  runAt(file: number, at: number): StorageRun | null {
    const data = this.#dataOf(file);
    if (data === null || at >= this.#dataSize) return null;
    // Starts stand at even indexes and ends at odd ones: behind a start there is data up to the next border.
    const next = firstBorderAfter(data, at);
    return { isHole: next % 2 === 0, length: Math.min(data[next] ?? this.#dataSize, this.#dataSize) - at };
  }

  #dataOf(file: number): Float64Array | null {
    if (this.#cannotList || (this.#isCurrent && this.#data !== null)) return this.#data;
    // Other programs may write to it too. Whoever asks for a million places in one turn is not served by a million looks.
    const { size, mtimeMs, ctimeMs } = fstatSync(file);
    // There is nothing to start a process for.
    if (size === 0) return null;
    const version = `${size} ${mtimeMs} ${ctimeMs}`;
    if (this.#data === null || this.#dataVersion !== version) {
      this.#data = listData(file);
      this.#dataVersion = version;
      this.#dataSize = size;
      this.#cannotList = this.#data === null;
    }
    this.#isCurrent = true;
    setImmediate(() => (this.#isCurrent = false)).unref();
    return this.#data;
  }

  /** To be called before a descriptor is closed. Who could write gives back what was discarded. */
  release(file: number): void {
    this.#openCount--;
    if (this.#openCount === 0) OPEN_FILES.delete(this.#key);
    if (this.#hasWriter) this.giveBack(file);
  }
}

/** By device and number on it. */
const OPEN_FILES = new Map<string, OpenFile>();

function firstBorderAfter(borders: Float64Array, at: number): number {
  let [low, high] = [0, borders.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (borders[middle]! > at) high = middle;
    else low = middle + 1;
  }
  return low;
}
