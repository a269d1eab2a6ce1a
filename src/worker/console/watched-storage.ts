import { isOverlapped, type OverlappedStorage } from '#console';
import type { StorageRange, HostOffset, Purpose, Storage } from '#engine';

export interface Watch {
  /** Called before the first change. */
  onChange(): void;
  onClosed(): void;
}

/** A storage that says when it is about to be changed for the first time, and when it was closed. */
export function watch(storage: Storage, on: Watch): Storage {
  return isOverlapped(storage) ? new WatchedOverlapped(storage, on) : new WatchedStorage(storage, on);
}

class WatchedStorage<Kind extends Storage> implements Storage {
  readonly willRead?: (ranges: readonly StorageRange[]) => void;
  protected readonly storage: Kind;
  readonly #watch: Watch;
  #hasChanged = false;

  constructor(storage: Kind, watch: Watch) {
    this.storage = storage;
    this.#watch = watch;
    if (storage.willRead !== undefined) this.willRead = (ranges) => storage.willRead!(ranges);
  }

  get size(): number {
    return this.storage.size;
  }

  get isReadOnly(): boolean {
    return this.storage.isReadOnly;
  }

  read(at: HostOffset, into: Uint8Array): void {
    this.storage.read(at, into);
  }

  write(at: HostOffset, bytes: Uint8Array, why: Purpose): void {
    this.change();
    this.storage.write(at, bytes, why);
  }

  truncate(size: number, why: Purpose): void {
    this.change();
    this.storage.truncate(size, why);
  }

  discard(at: HostOffset, length: number, why: Purpose): void {
    this.change();
    this.storage.discard(at, length, why);
  }

  flush(why: Purpose): void {
    this.storage.flush(why);
  }

  close(): void {
    try {
      this.storage.close();
    } finally {
      this.#watch.onClosed();
    }
  }

  protected change(): void {
    if (this.#hasChanged) return;
    this.#hasChanged = true;
    this.#watch.onChange();
  }
}

class WatchedOverlapped extends WatchedStorage<OverlappedStorage> implements OverlappedStorage {
  readLater(at: number, into: Uint8Array): Promise<void> {
    return this.storage.readLater(at, into);
  }

  writeLater(at: number, bytes: Uint8Array): Promise<void> {
    this.change();
    return this.storage.writeLater(at, bytes);
  }
}
