import { qcow2Py, qemuImg, qemuIo, type ConsoleFiles, type ConsoleHost, type FileStat } from '#console';
import { EngineError, MemoryStorage, type Storage } from '#engine';

export interface ConsoleRun {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code; 128 + signal number after a signal, as a shell counts. */
  readonly code: number;
}

/**
 * A console's host whose files are in memory, by exactly the name that a command line gives. What is written stays from
 * one run to the next. The clock stands still, random bytes count up: output depends on nothing but the input.
 */
export class MemoryHost implements ConsoleHost {
  readonly storages = new Map<string, MemoryStorage>();
  /** Lines for standard input. */
  input: string[] = [];
  stdout = '';
  stderr = '';
  #nextRandom = 0;

  readonly files: ConsoleFiles = {
    stat: (name) => Promise.resolve(this.#statOf(name)),
    open: (name, mode) => attempt(() => new OpenFile(this.#storageOf(name), mode === 'read')),
    create: (name) =>
      attempt(() => {
        const storage = this.storages.get(name) ?? new MemoryStorage();
        storage.truncate(0);
        this.storages.set(name, storage);
        return new OpenFile(storage, false);
      }),
    remove: (name) =>
      attempt(() => {
        this.#storageOf(name);
        this.storages.delete(name);
      }),
    readText: (name) => attempt(() => new TextDecoder().decode(this.#storageOf(name).toBytes())),
    complete: (prefix) => Promise.resolve([...this.storages.keys()].filter((name) => name.startsWith(prefix))),
  };

  /** Puts a file there. */
  addFile(name: string, content: Uint8Array | string = ''): MemoryStorage {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    const storage = MemoryStorage.from(bytes);
    this.storages.set(name, storage);
    return storage;
  }

  qemuImg(...args: string[]): Promise<ConsoleRun> {
    return this.#run(() => qemuImg(this, args));
  }

  /** One `-c` a command, before the arguments. */
  qemuIo(commands: readonly string[], ...args: string[]): Promise<ConsoleRun> {
    return this.#run(() => qemuIo(this, [...commands.flatMap((command) => ['-c', command]), ...args]));
  }

  qcow2Py(...args: string[]): Promise<ConsoleRun> {
    return this.#run(() => qcow2Py(this, args));
  }

  writeOut(text: string): void {
    this.stdout += text;
  }

  writeErr(text: string): void {
    this.stderr += text;
  }

  flushOut(): void {
    // Nothing is held back.
  }

  readLine(): Promise<string | null> {
    return Promise.resolve(this.input.shift() ?? null);
  }

  readAll(): Promise<string> {
    return Promise.resolve(
      this.input
        .splice(0)
        .map((line) => `${line}\n`)
        .join(''),
    );
  }

  now(): number {
    return 0;
  }

  randomBytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#nextRandom++);
  }

  raise(signal: number): never {
    throw new Killed(signal);
  }

  pause(): Promise<void> {
    return Promise.resolve();
  }

  async #run(program: () => Promise<number>): Promise<ConsoleRun> {
    this.stdout = '';
    this.stderr = '';
    let code: number;
    try {
      code = await program();
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
      code = 128 + error.signal;
    }
    return { stdout: this.stdout, stderr: this.stderr, code };
  }

  #statOf(name: string): FileStat | null {
    const storage = this.storages.get(name);
    return storage === undefined ? null : { size: storage.size, allocatedBytes: storage.size, kind: 'file' };
  }

  #storageOf(name: string): MemoryStorage {
    const storage = this.storages.get(name);
    if (storage === undefined) throw new EngineError('not-found', 'No such file or directory');
    return storage;
  }
}

/** The end of a program by a signal. */
class Killed extends Error {
  readonly signal: number;

  constructor(signal: number) {
    super(`killed by signal ${signal}`);
    this.signal = signal;
  }
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
