import { EngineError, isEngineError, type Storage } from '#engine';
import { engineErrorOf, guardedAsync } from '../storage/faults.ts';
import { openOpfsStorage } from '../storage/opfs.ts';

/** How long a file may be locked before somebody is told. */
const LOCKED_MS = 1000;
const RETRY_MS = 50;

/** Chromium's way to rename; not in TypeScript's library yet. */
interface Movable {
  move(directory: FileSystemDirectoryHandle, name: string): Promise<void>;
}

/** A directory in the browser's own storage. */
export class Folder {
  readonly #directory: FileSystemDirectoryHandle;
  /** Of files found before. A handle is but a name: the file may be gone, or another one in its place. */
  readonly #found = new Map<string, FileSystemFileHandle>();

  private constructor(directory: FileSystemDirectoryHandle) {
    this.#directory = directory;
  }

  static async open(name: string): Promise<Folder> {
    return guardedAsync(async () => {
      const root = await navigator.storage.getDirectory();
      return new Folder(await root.getDirectoryHandle(name, { create: true }));
    });
  }

  async names(): Promise<string[]> {
    const names: string[] = [];
    for await (const name of this.#directory.keys()) names.push(name);
    return names;
  }

  async has(name: string): Promise<boolean> {
    this.#found.delete(name);
    try {
      await this.#find(name);
      return true;
    } catch (thrown) {
      // A name that no file can have (`TypeError`) is no file's either.
      if (thrown instanceof TypeError || isEngineError(engineErrorOf(thrown), 'not-found')) return false;
      throw engineErrorOf(thrown);
    }
  }

  /** A snapshot of the file, as a `Blob`; works while somebody has it open. */
  async file(name: string): Promise<File> {
    return guardedAsync(async () => (await this.#find(name)).getFile());
  }

  async open(name: string, mode: 'read' | 'write'): Promise<Storage> {
    const handle = await guardedAsync(() => this.#find(name));
    return patiently(() => openOpfsStorage(handle, mode));
  }

  /** Opens for writing a file that need not exist. */
  async openOrCreate(name: string): Promise<Storage> {
    const handle = await guardedAsync(() => this.#directory.getFileHandle(name, { create: true }));
    return patiently(() => openOpfsStorage(handle, 'write'));
  }

  async mustBeFree(name: string): Promise<void> {
    if (await this.has(name)) throw new EngineError('exists', `There is already an image named '${name}'.`);
  }

  async move(name: string, to: Folder, newName: string): Promise<void> {
    await to.mustBeFree(newName);
    await guardedAsync(async () => {
      const handle = await this.#directory.getFileHandle(name);
      this.#found.delete(name);
      await (handle as unknown as Movable).move(to.#directory, newName);
    });
  }

  /** Removes all files that nobody has open. */
  async removeUnused(): Promise<void> {
    for (const name of await this.names()) {
      try {
        await patiently(() => this.remove(name));
      } catch (error) {
        if (!isEngineError(error, 'locked')) throw error;
      }
    }
  }

  /** Removes the file if it is there. */
  async remove(name: string): Promise<void> {
    if (await this.has(name)) await guardedAsync(() => this.#directory.removeEntry(name));
    this.#found.delete(name);
  }

  /** Each question to the browser takes half a millisecond and more. @throws DOMException, TypeError */
  async #find(name: string): Promise<FileSystemFileHandle> {
    const handle = this.#found.get(name) ?? (await this.#directory.getFileHandle(name));
    this.#found.set(name, handle);
    return handle;
  }
}

/** Another tab holds a file only while one of its operations lasts; most of them are over in a moment. */
async function patiently<T>(open: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + LOCKED_MS;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (!isEngineError(error, 'locked') || performance.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}
