import type { OverlappedStorage } from '#console';
import { EngineError, ReadCache, type StorageRange } from '#engine';
import { BlobReadAhead } from './blob-read-ahead.ts';
import { guarded } from './faults.ts';

/** Bytes that are read at once at most: eight times as much takes the browser four times as long. */
const READ_LENGTH_MAX = 8 * 1024 * 1024;

/** Reads ranges of a blob, one behind the other, at once: for many in one the browser takes half the time that it takes for each. */
function readSync(blob: Blob, ranges: readonly StorageRange[]): Uint8Array {
  const parts = ranges.map(({ at, length }) => blob.slice(at, at + length));
  return new Uint8Array(new FileReaderSync().readAsArrayBuffer(parts.length === 1 ? parts[0]! : new Blob(parts)));
}

/** A local file (or any blob) to look at. It is never written; edits go to an overlay. */
export class BlobStorage implements OverlappedStorage {
  readonly size: number;
  readonly isReadOnly = true;
  readonly #cache: ReadCache;
  readonly #readAhead: BlobReadAhead;
  #isClosed = false;

  constructor(blob: Blob) {
    this.size = blob.size;
    this.#cache = new ReadCache(blob.size, (ranges) => guarded(() => readSync(blob, ranges)), {
      readAheadMax: READ_LENGTH_MAX,
    });
    this.#readAhead = new BlobReadAhead(blob);
  }

  read(at: number, into: Uint8Array): void {
    this.#mustBeOpen();
    this.#cache.read(at, into);
  }

  willRead(ranges: readonly StorageRange[]): void {
    this.#mustBeOpen();
    this.#cache.willRead(ranges);
  }

  readLater(at: number, into: Uint8Array): Promise<void> {
    this.#mustBeOpen();
    return this.#readAhead.read(at, into);
  }

  write(): void {
    this.#refuse();
  }

  writeLater(): Promise<void> {
    this.#refuse();
  }

  truncate(): void {
    this.#refuse();
  }

  discard(): void {
    this.#refuse();
  }

  flush(): void {
    this.#mustBeOpen();
  }

  close(): void {
    this.#isClosed = true;
    this.#readAhead.forget();
  }

  #refuse(): never {
    this.#mustBeOpen();
    throw new EngineError('read-only', 'A local file is not written in place.');
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new EngineError('closed', 'The storage was closed.');
  }
}
