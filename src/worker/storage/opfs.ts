import { EngineError, type EngineErrorCode, type Storage } from '#engine';
import { engineErrorOf, guarded, guardedAsync } from './faults.ts';

/** OPFS cannot punch holes; up to this much a discard writes zeros instead, beyond it the old bytes stay. */
const ZEROED_DISCARD_MAX = 1024 * 1024;

/** `mode` is not in TypeScript's library yet. */
interface SyncAccessOpener {
  createSyncAccessHandle(options: { mode: 'readwrite' | 'read-only' }): Promise<FileSystemSyncAccessHandle>;
}

/** The part of a sync access handle that is used here; tests stand in for the conditions that they cannot bring about. */
export type AccessHandle = Pick<
  FileSystemSyncAccessHandle,
  'read' | 'write' | 'truncate' | 'getSize' | 'flush' | 'close'
>;

/** Opens a file of the browser's own storage; any number of readers, or one writer. */
export async function openOpfsStorage(file: FileSystemFileHandle, mode: 'read' | 'write'): Promise<OpfsStorage> {
  const handle = await guardedAsync(() =>
    (file as unknown as SyncAccessOpener).createSyncAccessHandle({
      mode: mode === 'read' ? 'read-only' : 'readwrite',
    }),
  );
  return new OpfsStorage(handle, mode);
}

/**
 * A sync access handle as a storage. A full disk makes `write()` return a short count, a used-up quota an absurd one,
 * and `truncate()` may do nothing at all, each without an exception: what was done is compared with what was asked.
 */
export class OpfsStorage implements Storage {
  readonly isReadOnly: boolean;
  readonly #handle: AccessHandle;
  #size: number;
  #isClosed = false;

  constructor(handle: AccessHandle, mode: 'read' | 'write') {
    this.#handle = handle;
    this.isReadOnly = mode === 'read';
    this.#size = guarded(() => handle.getSize());
  }

  get size(): number {
    return this.#size;
  }

  read(at: number, into: Uint8Array): void {
    this.#mustBeOpen();
    if (at >= this.#size) return void into.fill(0);
    // Written out, as small reads are what makes or breaks a guest's speed: a closure would cost a tenth of one.
    let count: number;
    try {
      count = this.#handle.read(into as Uint8Array<ArrayBuffer>, { at });
    } catch (thrown) {
      throw engineErrorOf(thrown);
    }
    if (count < into.length) into.fill(0, count);
  }

  write(at: number, bytes: Uint8Array): void {
    this.#mustBeWritable();
    let done = 0;
    try {
      while (done < bytes.length) {
        const rest = bytes.subarray(done) as Uint8Array<ArrayBuffer>;
        const count = guarded(() => this.#handle.write(rest, { at: at + done }));
        if (count > rest.length) throw missing('quota', rest.length);
        if (count === 0) throw missing('no-space', rest.length);
        done += count;
      }
    } catch (error) {
      this.#shrinkBack();
      throw error;
    }
    if (done > 0) this.#size = Math.max(this.#size, at + done);
  }

  truncate(size: number): void {
    this.#mustBeWritable();
    const missingBytes = size - this.#size;
    guarded(() => this.#handle.truncate(size));
    if (guarded(() => this.#handle.getSize()) !== size) throw missing('quota', missingBytes);
    this.#size = size;
  }

  discard(at: number, length: number): void {
    this.#mustBeWritable();
    const end = Math.min(at + length, this.#size);
    if (end > at && end - at <= ZEROED_DISCARD_MAX) this.write(at, new Uint8Array(end - at));
  }

  flush(): void {
    this.#mustBeOpen();
    if (!this.isReadOnly) guarded(() => this.#handle.flush());
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#handle.close();
  }

  /** A write that failed may have grown the file; its size was promised to be as before. */
  #shrinkBack(): void {
    if (guarded(() => this.#handle.getSize()) > this.#size) guarded(() => this.#handle.truncate(this.#size));
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new EngineError('closed', 'The storage was closed.');
  }

  #mustBeWritable(): void {
    this.#mustBeOpen();
    if (this.isReadOnly) throw new EngineError('read-only', 'The image was opened for reading only.');
  }
}

function missing(code: EngineErrorCode & ('quota' | 'no-space'), bytes: number): EngineError {
  const what = code === 'quota' ? 'The browser’s storage for this page is full' : 'The disk is full';
  return new EngineError(code, `${what}: ${bytes} bytes are missing. The image is as it was before this write.`, {
    hint: 'Make room, for example by deleting images that are no longer needed, then try again.',
  });
}
