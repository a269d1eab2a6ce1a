import type { ConsoleFiles, FileStat } from '#console';
import { EngineError, MemoryStorage, type Storage } from '#engine';
import { CapturingHost } from './capturing-host.ts';

/**
 * A console's host whose files are in memory, by exactly the name that a command line gives. What is written stays from
 * one run to the next.
 */
export class MemoryHost extends CapturingHost {
  readonly storages: Map<string, MemoryStorage>;

  constructor() {
    const storages = new Map<string, MemoryStorage>();
    super(filesOf(storages));
    this.storages = storages;
  }

  /** Puts a file there. */
  addFile(name: string, content: Uint8Array | string = ''): MemoryStorage {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    const storage = MemoryStorage.from(bytes);
    this.storages.set(name, storage);
    return storage;
  }
}

function filesOf(storages: Map<string, MemoryStorage>): ConsoleFiles {
  const storageOf = (name: string): MemoryStorage => {
    const storage = storages.get(name);
    if (storage === undefined) throw new EngineError('not-found', 'No such file or directory');
    return storage;
  };
  return {
    kindOf: (name) => Promise.resolve(storages.has(name) ? 'file' : null),
    stat: (name) => Promise.resolve(statOf(storages.get(name))),
    open: (name, mode) => attempt(() => new OpenFile(storageOf(name), mode === 'read')),
    create: (name) =>
      attempt(() => {
        const storage = storages.get(name) ?? new MemoryStorage();
        storage.truncate(0);
        storages.set(name, storage);
        return new OpenFile(storage, false);
      }),
    remove: (name) =>
      attempt(() => {
        storageOf(name);
        storages.delete(name);
      }),
    readBytes: (name) => attempt(() => storageOf(name).toBytes()),
    realName: (name) => Promise.resolve(storages.has(name) ? name : null),
    complete: (prefix) => Promise.resolve([...storages.keys()].filter((name) => name.startsWith(prefix))),
  };
}

function statOf(storage: MemoryStorage | undefined): FileStat | null {
  return storage === undefined ? null : { size: storage.size, allocatedBytes: storage.size };
}

/** One opening of a file: closing it leaves the file for the next. */
class OpenFile implements Storage {
  readonly #file: MemoryStorage;
  readonly isReadOnly: boolean;

  constructor(file: MemoryStorage, isReadOnly: boolean) {
    this.#file = file;
    this.isReadOnly = isReadOnly;
  }

  get size(): number {
    return this.#file.size;
  }

  read(at: number, into: Uint8Array): void {
    this.#file.read(at, into);
  }

  write(at: number, bytes: Uint8Array): void {
    this.#mustBeWritable();
    this.#file.write(at, bytes);
  }

  truncate(size: number): void {
    this.#mustBeWritable();
    this.#file.truncate(size);
  }

  discard(at: number, length: number): void {
    this.#mustBeWritable();
    this.#file.discard(at, length);
  }

  flush(): void {
    // Memory is as durable as it gets.
  }

  close(): void {
    // The file stays.
  }

  #mustBeWritable(): void {
    if (this.isReadOnly) throw new EngineError('read-only', 'The file was opened read-only.');
  }
}

function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()));
}
