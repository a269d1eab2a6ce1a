import { EngineError, ReadCache, type Storage } from '#engine';
import { guarded } from './faults.ts';

/** Reads a stretch of a blob at once; a worker has `FileReaderSync` for it. */
export type BlobReader = (blob: Blob, at: number, length: number) => Uint8Array;

const readSync: BlobReader = (blob, at, length) =>
  new Uint8Array(new FileReaderSync().readAsArrayBuffer(blob.slice(at, at + length)));

/** A local file (or any blob) to look at. It is never written; edits go to an overlay. */
export class BlobStorage implements Storage {
  readonly size: number;
  readonly isReadOnly = true;
  readonly #cache: ReadCache;
  #isClosed = false;

  constructor(blob: Blob, readBlob: BlobReader = readSync) {
    this.size = blob.size;
    this.#cache = new ReadCache(blob.size, (at, length) => guarded(() => readBlob(blob, at, length)));
  }

  read(at: number, into: Uint8Array): void {
    this.#mustBeOpen();
    this.#cache.read(at, into);
  }

  write(): void {
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
  }

  #refuse(): never {
    this.#mustBeOpen();
    throw new EngineError('read-only', 'A local file is not written in place.');
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new EngineError('closed', 'The storage was closed.');
  }
}
