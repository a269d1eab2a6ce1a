import { backingNameOf, fileInUse, type ConsoleFiles, type FileKind, type FileStat } from '#console';
import { EngineError, isEngineError, readHead, type ImageHead, type Storage } from '#engine';
import { consoleNames, fileNameProblem, type ImageId } from '#protocol';
import { browserId } from '../library/image-files.ts';
import type { HeldImage, Library } from '../library/library.ts';
import { watch } from './watched-storage.ts';

export interface LibraryFilesOptions {
  /** The line that runs, for those who are refused because of it. */
  readonly holder: string;
  /** Called before an image is changed for the first time. */
  readonly beforeChange: (id: ImageId) => void;
  /** Takes what the console has to say beside what a program prints. */
  readonly note: (text: string) => void;
}

/**
 * The library as the folder of a console. What a program opens it holds until it closes it; others in the page are
 * refused meanwhile where they would get in its way.
 */
export class LibraryFiles implements ConsoleFiles {
  /** Images that were changed, new ones included. */
  readonly changed = new Set<ImageId>();
  readonly #library: Library;
  readonly #holder: string;
  readonly #beforeChange: (id: ImageId) => void;
  readonly #note: (text: string) => void;
  readonly #open = new Set<Storage>();
  /** Names of files as images say them, and what the user gave for them. */
  readonly #granted = new Map<string, ImageId>();
  /** The browser's images that the running program has found; it asks for the same name several times. */
  readonly #found = new Set<ImageId>();

  constructor(library: Library, { holder, beforeChange, note }: LibraryFilesOptions) {
    this.#library = library;
    this.#holder = holder;
    this.#beforeChange = beforeChange;
    this.#note = note;
  }

  async kindOf(name: string): Promise<FileKind | null> {
    if (isFolder(name)) return 'directory';
    return (await this.#find(name)) === null ? null : 'file';
  }

  async stat(name: string): Promise<FileStat | null> {
    const id = await this.#find(name);
    if (id === null) return null;
    const storage = await this.#orNote(name, () => this.#library.files.openSnapshot(id));
    const { size } = storage;
    storage.close();
    return { size, allocatedBytes: size };
  }

  async open(name: string, mode: 'read' | 'write'): Promise<Storage> {
    const id = await this.#find(name);
    if (id === null) throw new EngineError('not-found', `There is no image '${name}' in the library.`);
    const storage = await this.#orNote(name, () => this.#hold(id, name, mode));
    await this.#noteGrant(id, name, storage);
    return storage;
  }

  async create(name: string): Promise<Storage> {
    const id = await this.#find(name);
    if (id !== null) {
      const storage = await this.#hold(id, name, 'write');
      storage.truncate(0, 'create');
      return storage;
    }
    const plainName = plain(name);
    if (isFolder(name)) throw new EngineError('invalid-argument', 'This is the library itself.', { errno: 'EISDIR' });
    if (name === '' || plainName.includes('/')) throw new EngineError('not-found', 'The library has no folders.');
    // A program can say little more than “Invalid argument”.
    const problem = fileNameProblem(plainName);
    if (problem !== null) this.#note(`The library has no place for such a name. ${problem}\n`);
    const held = await this.#library.holdNew(plainName, this.#holder);
    this.changed.add(browserId(plainName));
    return this.#keep(browserId(plainName), held);
  }

  async remove(name: string): Promise<void> {
    const id = await this.#find(name);
    if (id === null) throw new EngineError('not-found', `There is no image '${name}' in the library.`);
    this.#found.delete(id);
    await this.#library.removeFailed(id);
    this.changed.add(id);
  }

  async readBytes(name: string): Promise<Uint8Array> {
    const id = await this.#find(name);
    if (id === null) throw new EngineError('not-found', `There is no image '${name}' in the library.`);
    return new Uint8Array(await (await this.#library.files.blob(id)).arrayBuffer());
  }

  async realName(name: string): Promise<string | null> {
    return this.#find(name);
  }

  async complete(prefix: string): Promise<readonly string[]> {
    const names = [...consoleNames(await this.#library.names()).keys()];
    const shown = prefix.startsWith('./') ? './' : '';
    return names.map((name) => shown + name).filter((name) => name.startsWith(prefix));
  }

  /** Lets go of all that is still open, as the end of a process does: no image is closed, only its file. */
  releaseAll(): void {
    for (const storage of [...this.#open]) storage.close();
    this.#found.clear();
  }

  /** A backing file that was named on the command line was thereby chosen: the page may read it too. */
  async grantNamedBackings(): Promise<void> {
    if (this.changed.size === 0) return;
    const names = await this.#library.names();
    for (const id of this.changed) {
      const name = names.find((other) => other.id === id)?.name;
      if (name === undefined) continue;
      const backing = await this.#backingNameIn(id);
      const granted = backing === null ? null : await this.#find(backingNameOf(name, backing));
      if (granted !== null && granted !== id) await this.#library.setBacking(id, granted);
    }
  }

  /** A program can only say that it has no access; how to get it is for the console to say. */
  async #orNote<T>(name: string, open: () => Promise<T>): Promise<T> {
    try {
      return await open();
    } catch (error) {
      if (isEngineError(error, 'permission')) {
        this.#note(`The browser asks for access to '${name}' again: click it in the library first.\n`);
      }
      throw error;
    }
  }

  async #hold(id: ImageId, name: string, mode: 'read' | 'write'): Promise<Storage> {
    try {
      return this.#keep(id, await this.#library.hold(id, mode === 'read' ? 'look' : 'change', this.#holder));
    } catch (error) {
      if (!isEngineError(error, 'locked')) throw error;
      throw fileInUse(name, mode === 'read' ? 'no-writer' : 'to-write', error);
    }
  }

  #keep(id: ImageId, { storage, release }: HeldImage): Storage {
    const watched = watch(storage, {
      onChange: () => {
        this.#beforeChange(id);
        this.changed.add(id);
      },
      onClosed: () => {
        this.#open.delete(watched);
        release();
      },
    });
    this.#open.add(watched);
    return watched;
  }

  /** The user may have given files for a backing file or a data file whose names mean nothing here. */
  async #noteGrant(id: ImageId, name: string, storage: Storage): Promise<void> {
    const head = headOf(storage);
    if (head === null) return;
    const { backingFile, hasDataFile, dataFile } = head;
    const backing = backingFile === null ? null : await this.#library.backingOf(id);
    if (backing !== null) this.#granted.set(plain(backingNameOf(name, backingFile!)), backing);
    const data = hasDataFile && dataFile !== null ? await this.#library.dataFileOf(id, dataFile) : null;
    if (data !== null) this.#granted.set(plain(dataFile!), data.id);
  }

  async #backingNameIn(id: ImageId): Promise<string | null> {
    const storage = await this.#library.files.openSnapshot(id);
    try {
      return headOf(storage)?.backingFile ?? null;
    } finally {
      storage.close();
    }
  }

  async #find(name: string): Promise<ImageId | null> {
    const wanted = plain(name);
    const granted = this.#granted.get(wanted);
    if (granted !== undefined) return granted;
    // Most are the browser's own images, whose names nothing else can take: the whole library need not be listed for them.
    const id = browserId(wanted);
    if (this.#found.has(id)) return id;
    if (await this.#library.has(id)) {
      this.#found.add(id);
      return id;
    }
    return consoleNames(await this.#library.names()).get(wanted) ?? null;
  }
}

function headOf(storage: Storage): ImageHead | null {
  try {
    return readHead(storage, { writable: false, checkMode: true });
  } catch (error) {
    // A raw file, or an image that will be refused for what is wrong with it.
    if (!isEngineError(error)) throw error;
    return null;
  }
}

/** The library is the only folder that there is. */
function isFolder(name: string): boolean {
  return name !== '' && /^(\.{0,2}\/+)*\.{0,2}$/.test(name);
}

/** `./a` is `a`. */
function plain(name: string): string {
  return name.replace(/^(\.\/+)+/, '');
}
