import {
  closeSync,
  constants,
  fstatSync,
  fdatasyncSync,
  ftruncateSync,
  openSync,
  read,
  readSync,
  write,
  writeSync,
} from 'node:fs';
import { errnoText, type OverlappedStorage, type SparseStorage, type StorageRun } from '#console';
import { EngineError, isEngineError, type EngineErrorCode } from '#engine';
import { OpenFile } from './open-file.ts';
import { reserveSpace } from './sparse-calls.ts';

const CODES: Record<string, EngineErrorCode> = {
  ENOENT: 'not-found',
  EEXIST: 'exists',
  EACCES: 'permission',
  EPERM: 'permission',
  EROFS: 'read-only',
  ENOSPC: 'no-space',
  EFBIG: 'too-large',
  // Beyond what Node takes for an offset; no file system goes as far.
  ERR_OUT_OF_RANGE: 'too-large',
  EDQUOT: 'quota',
  ENAMETOOLONG: 'invalid-argument',
  EISDIR: 'invalid-argument',
  ENOTDIR: 'not-found',
  ELOOP: 'invalid-argument',
  EBADF: 'closed',
};

/** `create` makes an empty file, or empties the one that is there. */
export type FileMode = 'read' | 'write' | 'create';

/** A file that is created is emptied once it is known that nobody here has it open. */
const FLAGS: Record<FileMode, string | number> = {
  read: 'r',
  write: 'r+',
  create: constants.O_RDWR | constants.O_CREAT,
};

/** As QEMU does, a file that gets its first bytes by a new size has so many of them written: space that is no hole. */
const FIRST_BLOCK = 4096;
const SECTOR = 512;

/**
 * A file of the operating system as a storage. What was discarded is given back when the file is closed, or when much of
 * it has gathered; a program that is killed gives nothing back. Within the process, whoever writes to a file has it alone.
 */
export class NodeStorage implements OverlappedStorage, SparseStorage {
  readonly isReadOnly: boolean;
  readonly path: string;
  readonly #file: number;
  /** Null for devices and other things that have no holes. */
  readonly #openFile: OpenFile | null;
  #size: number;
  #isClosed = false;

  constructor(path: string, mode: FileMode) {
    this.path = path;
    this.isReadOnly = mode === 'read';
    this.#file = guarded(() => openSync(path, FLAGS[mode]));
    try {
      const stat = fstatSync(this.#file, { bigint: true });
      this.#openFile = OpenFile.of(stat, { path, isWritable: !this.isReadOnly });
      this.#size = Number(stat.size);
    } catch (error) {
      closeSync(this.#file);
      throw engineErrorOf(error);
    }
    if (mode === 'create') this.#empty();
  }

  get size(): number {
    return this.#size;
  }

  get allocatedBytes(): number {
    return guarded(() => fstatSync(this.#file).blocks * 512);
  }

  read(at: number, into: Uint8Array): void {
    this.#mustBeOpen();
    let done = 0;
    // Without a closure a call, as tables of small clusters take tens of thousands of reads.
    try {
      while (done < into.length && at + done < this.#size) {
        const count = readSync(this.#file, into, done, into.length - done, at + done);
        if (count === 0) break;
        done += count;
      }
    } catch (cause) {
      throw engineErrorOf(cause);
    }
    if (done < into.length) into.fill(0, done);
  }

  write(at: number, bytes: Uint8Array): void {
    this.#mustBeWritable();
    this.#openFile?.noteChange(at, at + bytes.length);
    try {
      for (let done = 0; done < bytes.length;) {
        done += guarded(() => writeSync(this.#file, bytes, done, bytes.length - done, at + done));
      }
    } catch (error) {
      // What fitted of a write that failed must not stay behind as a longer file.
      if (guarded(() => fstatSync(this.#file).size) > this.#size) guarded(() => ftruncateSync(this.#file, this.#size));
      throw error;
    }
    if (bytes.length > 0) this.#size = Math.max(this.#size, at + bytes.length);
  }

  async readLater(at: number, into: Uint8Array): Promise<void> {
    this.#mustBeOpen();
    let done = 0;
    while (done < into.length && at + done < this.#size) {
      const count = await soon((finish) => read(this.#file, into, done, into.length - done, at + done, finish));
      if (count === 0) break;
      done += count;
    }
    into.fill(0, done);
  }

  async writeLater(at: number, bytes: Uint8Array): Promise<void> {
    this.#mustBeWritable();
    this.#openFile?.noteChange(at, at + bytes.length);
    for (let done = 0; done < bytes.length;) {
      done += await soon((finish) => write(this.#file, bytes, done, bytes.length - done, at + done, finish));
    }
    if (bytes.length > 0) this.#size = Math.max(this.#size, at + bytes.length);
  }

  truncate(size: number): void {
    this.#mustBeWritable();
    this.#openFile?.noteChange(size, Infinity);
    if (this.#size === 0) this.#writeFirstBlock(size);
    guarded(() => ftruncateSync(this.#file, size));
    this.#size = size;
  }

  discard(at: number, length: number): void {
    this.#mustBeWritable();
    this.#openFile?.discard(this.#file, at, Math.min(at + length, this.#size));
  }

  /** Takes space for a new part of the file; false where the file system has no such call. */
  reserve(at: number, length: number): boolean {
    this.#mustBeWritable();
    if (this.#openFile === null) return false;
    this.#openFile.noteChange(at, at + length);
    const isNew = this.#size === 0;
    const isReserved = reserveSpace(this.#file, { start: at, end: at + length });
    if (isReserved) this.#size = Math.max(this.#size, at + length);
    // What it took before it failed must not stay behind.
    else guarded(() => ftruncateSync(this.#file, this.#size));
    if (isReserved && isNew) this.#writeFirstBlock(this.#size);
    return isReserved;
  }

  runAt(at: number): StorageRun | null {
    this.#mustBeOpen();
    return this.#openFile?.runAt(this.#file, at) ?? null;
  }

  flush(): void {
    this.#mustBeOpen();
    if (!this.isReadOnly) guarded(() => fdatasyncSync(this.#file));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    guarded(() => this.#openFile?.release(this.#file));
    guarded(() => closeSync(this.#file));
  }

  #empty(): void {
    try {
      // A device stays as long as it is.
      if (this.#openFile !== null) this.truncate(0);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #writeFirstBlock(size: number): void {
    if (size >= SECTOR) this.write(0, new Uint8Array(size < FIRST_BLOCK ? SECTOR : FIRST_BLOCK));
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new EngineError('closed', 'The storage was closed.');
  }

  #mustBeWritable(): void {
    this.#mustBeOpen();
    if (this.isReadOnly) throw new EngineError('read-only', 'The file was opened for reading only.');
  }
}

/** A call of the operating system that ends later; resolves to its count of bytes. */
function soon(call: (finish: (cause: NodeJS.ErrnoException | null, count: number) => void) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    call((cause, count) => (cause === null ? resolve(count) : reject(engineErrorOf(cause))));
  });
}

function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw engineErrorOf(cause);
  }
}

/** What the file system said, as the engine's kind of error. */
export function engineErrorOf(cause: unknown): EngineError {
  if (isEngineError(cause)) return cause;
  // Node's file system throws nothing else.
  const { code } = cause as NodeJS.ErrnoException;
  const engineCode = CODES[code ?? ''] ?? 'io';
  const errno = code ?? null;
  return new EngineError(engineCode, errnoText(engineCode, errno), { cause, errno });
}
