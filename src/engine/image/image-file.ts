import type { HostOffset } from '../format/addresses.ts';
import type { DebugEvent } from '../storage/debug-event.ts';
import type { Purpose, Storage } from '../storage/storage.ts';
import { ignoresFlushes, type CacheMode } from './cache-mode.ts';

/**
 * The image file as the running image sees it: knows whether anything awaits a flush, so that a flush that would cover
 * nothing is never issued, and remembers a failed flush, after which nobody can tell what reached the disk.
 */
export class ImageFile {
  readonly storage: Storage;
  readonly cacheMode: CacheMode;
  /** Called after a flush: everything written before is durable now. */
  onFlushed: () => void = () => undefined;
  /** Called before each write; throws where the write must not happen. */
  beforeWrite: (at: HostOffset, length: number, why: Purpose) => void = () => undefined;
  /** Another file whose writes are durable whenever this one's are: guest data that is kept apart. */
  readonly #dataFile: ImageFile | null;
  readonly #listener: ((event: DebugEvent) => void) | null;
  #hasUnflushedWrites = false;
  #flushFailure: unknown = null;

  constructor(storage: Storage, cacheMode: CacheMode, dataFile: ImageFile | null = null) {
    this.#dataFile = dataFile;
    this.storage = storage;
    this.cacheMode = cacheMode;
    this.#listener = storage.onEvent?.bind(storage) ?? null;
  }

  get size(): number {
    return this.storage.size;
  }

  /** Tells a listening storage where the engine is. Without one this is a comparison with null. */
  event(event: DebugEvent): void {
    if (this.#listener !== null) this.#listener(event);
  }

  read(at: HostOffset, into: Uint8Array): void {
    this.storage.read(at, into);
  }

  write(at: HostOffset, bytes: Uint8Array, why: Purpose): void {
    this.beforeWrite(at, bytes.length, why);
    this.#hasUnflushedWrites = true;
    this.storage.write(at, bytes, why);
  }

  /** Whether the storage took space for a new part of the file, which reads as zeros. */
  reserve(at: HostOffset, length: number): boolean {
    this.beforeWrite(at, length, 'zero-fill');
    this.#hasUnflushedWrites = true;
    return this.storage.reserve?.(at, length) ?? false;
  }

  truncate(size: number, why: Purpose): void {
    this.#hasUnflushedWrites = true;
    this.storage.truncate(size, why);
  }

  discard(at: HostOffset, length: number, why: Purpose): void {
    this.#hasUnflushedWrites = true;
    this.storage.discard(at, length, why);
  }

  flush(why: Purpose): void {
    // The host may have dropped the unwritten pages of a failed flush, so a later success would prove nothing.
    if (this.#flushFailure !== null) throw this.#flushFailure;
    this.#dataFile?.flush(why);
    if (this.#hasUnflushedWrites && !ignoresFlushes(this.cacheMode)) {
      try {
        this.storage.flush(why);
      } catch (error) {
        this.#flushFailure = error;
        throw error;
      }
    }
    this.#hasUnflushedWrites = false;
    this.onFlushed();
  }

  /** From now on nothing is durable any more: every flush fails. */
  giveUp(cause: unknown): void {
    this.#flushFailure ??= cause;
  }

  /** Whether an earlier flush failed: what is on the disk is unknown until the image is opened anew. */
  get hasFailedFlush(): boolean {
    return this.#flushFailure !== null;
  }
}
