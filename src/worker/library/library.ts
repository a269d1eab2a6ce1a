import { EngineError, isEngineError, OverlayStorage, readHead, type LongTask, type Storage } from '#engine';
import type { ImageId, LibraryEntry } from '#protocol';
import { Locks } from './locks.ts';
import { allocatedBytes } from './allocated-bytes.ts';
import { copyStorage } from './copy.ts';
import { Folder } from './folder.ts';
import { browserId, browserName, ImageFiles } from './image-files.ts';
import { Keys } from './keys.ts';
import { LocalFiles } from './local-files.ts';
import { freeName, mustBeFileName } from './names.ts';
import { Records, type ImageRecord } from './records.ts';
import { problemOf, summarize } from './summary.ts';
import { Trash } from './trash.ts';

interface Folders {
  readonly images: Folder;
  readonly drafts: Folder;
  readonly trash: Folder;
  readonly overlays: Folder;
}

/** An open image that nobody else gets in the way of until it is released (after its storage was closed). */
export interface HeldImage {
  readonly storage: Storage;
  readonly release: () => void;
}

/**
 * Header, refcount table and first refcount block of most images. A read costs the browser milliseconds, however short:
 * one instead of three makes a difference where there are a thousand images.
 */
const HEAD_LENGTH = 256 * 1024;

/** Images of one part of a long list: about 100 ms of reading. */
const READ_AT_ONCE = 32;

type Run = <T>(task: LongTask<T>) => Promise<T>;

/** All images that the page can show, and who may use each of them when. */
export class Library {
  readonly records: Records;
  readonly local: LocalFiles;
  readonly files: ImageFiles;
  readonly keys = new Keys();
  readonly #images: Folder;
  /** Images that are being made. */
  readonly #drafts: Folder;
  readonly #trash: Trash;
  readonly #locks = new Locks();

  private constructor(folders: Folders) {
    this.records = new Records();
    this.local = new LocalFiles();
    this.files = new ImageFiles(folders.images, folders.overlays, this.local);
    this.#images = folders.images;
    this.#drafts = folders.drafts;
    this.#trash = new Trash({ ...folders, files: this.files, local: this.local, records: this.records });
  }

  static async open(): Promise<Library> {
    const [images, drafts, trash, overlays] = await Promise.all(
      (['images', 'drafts', 'trash', 'overlays'] as const).map((name) => Folder.open(name)),
    );
    return new Library({ images: images!, drafts: drafts!, trash: trash!, overlays: overlays! });
  }

  /** Clears away what closed tabs left unfinished, and what was deleted long ago. */
  async tidyUp(): Promise<void> {
    await this.#drafts.removeUnused();
    await this.#trash.sweep();
  }

  /** Runs `work` on the image's bytes; others may look at the same time, nobody changes them. */
  look<T>(id: ImageId, work: (storage: Storage) => Promise<T> | T): Promise<T> {
    return this.#locks.look(id, async () => withStorage(await this.files.openToLook(id), work));
  }

  /** As {@link look}, at a local file without its changes. */
  lookAtOriginal<T>(id: ImageId, work: (storage: Storage) => Promise<T> | T): Promise<T> {
    return this.#locks.look(id, async () => withStorage(await this.files.openOriginal(id), work));
  }

  /** Runs `work` on the image's bytes, alone. */
  change<T>(id: ImageId, work: (storage: Storage) => Promise<T> | T): Promise<T> {
    return this.#locks.change(id, async () => withStorage(await this.files.openToChange(id), work));
  }

  /** Runs `work` while nobody else uses the image. */
  alone<T>(id: ImageId, work: () => Promise<T>): Promise<T> {
    return this.#locks.change(id, work);
  }

  /**
   * Opens an image for a program of the console, which keeps it as long as it likes.
   * @param holder the command line, for those who are refused meanwhile
   */
  async hold(id: ImageId, kind: 'look' | 'change', holder: string): Promise<HeldImage> {
    const release = await this.#locks.hold(id, kind, holder);
    const storage = await orRelease(release, () =>
      kind === 'look' ? this.files.openToLook(id) : this.files.openToChange(id),
    );
    return { storage, release };
  }

  /** As {@link hold} to change, for a file that comes into being in the browser's storage. */
  async holdNew(name: string, holder: string): Promise<HeldImage> {
    mustBeFileName(name);
    const id = browserId(name);
    const release = await this.#locks.hold(id, 'change', holder);
    const storage = await orRelease(release, () => this.#images.openOrCreate(name));
    await this.records.set(id, { name, lastUse: Date.now(), backing: null });
    return { storage, release };
  }

  /** Removes for good a file that could not be made. */
  async removeFailed(id: ImageId): Promise<void> {
    const name = browserName(id);
    if (name === null) throw new EngineError('permission', 'A local file is deleted where it lives.');
    await this.alone(id, async () => {
      await this.#images.remove(name);
      await this.records.delete(id);
    });
  }

  async has(id: ImageId): Promise<boolean> {
    const name = browserName(id);
    return name === null ? (await this.local.ids()).includes(id) : this.#images.has(name);
  }

  /** What an image is called; nothing is opened. */
  async nameOf(id: ImageId): Promise<string> {
    return browserName(id) ?? (await this.records.get(id))?.name ?? id;
  }

  /** What all images are called; nothing is opened. */
  async names(): Promise<{ id: ImageId; name: string }[]> {
    const browser = (await this.#images.names()).map((name) => ({ id: browserId(name), name }));
    const local = (await this.local.ids()).map(async (id) => ({ id, name: await this.nameOf(id) }));
    return [...browser, ...(await Promise.all(local))];
  }

  /**
   * The latest used first. Where there are many, `onListed` is told at once which, and then of each part whose headers have
   * been read: reading takes the browser milliseconds an image.
   */
  async list(onListed: (entries: LibraryEntry[]) => void, signal: AbortSignal): Promise<LibraryEntry[]> {
    const unread = await this.#unread();
    if (unread.length > READ_AT_ONCE) onListed(unread);
    const entries: LibraryEntry[] = [];
    for (let index = 0; index < unread.length; index += READ_AT_ONCE) {
      if (signal.aborted) throw new EngineError('cancelled', 'Cancelled.');
      const part = await Promise.all(unread.slice(index, index + READ_AT_ONCE).map((entry) => this.#measured(entry)));
      entries.push(...part);
      if (entries.length < unread.length) onListed(part);
    }
    return entries;
  }

  async entry(id: ImageId): Promise<LibraryEntry> {
    return this.#measured(unreadEntry(id, await this.records.get(id)));
  }

  async freeName(wanted: string): Promise<string> {
    return freeName(wanted, await this.#images.names());
  }

  /**
   * Makes an image in the browser's storage. It comes into being beside the library and enters it complete: neither a
   * failure nor a closed tab leaves half an image there.
   */
  async add(name: string, fill: (storage: Storage) => Promise<void> | void, backing: ImageId | null = null) {
    mustBeFileName(name);
    await this.#images.mustBeFree(name);
    const id = browserId(name);
    const draft = crypto.randomUUID();
    try {
      await withStorage(await this.#drafts.openOrCreate(draft), fill);
      await this.#drafts.move(draft, this.#images, name);
    } catch (error) {
      await this.#drafts.remove(draft);
      throw error;
    }
    await this.records.set(id, { name, lastUse: Date.now(), backing });
    return this.entry(id);
  }

  async addLocal(file: File, handle: FileSystemFileHandle | null): Promise<LibraryEntry> {
    const id = await this.local.add(file, handle);
    const known = await this.records.get(id);
    await this.records.set(id, { backing: null, ...known, name: file.name, lastUse: Date.now() });
    return this.entry(id);
  }

  async duplicate(id: ImageId, name: string, run: Run): Promise<LibraryEntry> {
    const record = await this.records.get(id);
    return this.look(id, (from) => this.add(name, (to) => run(copyStorage(from, to)), record?.backing ?? null));
  }

  async rename(id: ImageId, name: string): Promise<LibraryEntry> {
    mustBeFileName(name);
    const from = browserName(id);
    if (from === null) throw new EngineError('invalid-argument', 'A local file is renamed where it lives.');
    if (from === name) return this.entry(id);
    const newId = browserId(name);
    this.keys.forget(id);
    return this.alone(id, async () => {
      await this.#images.move(from, this.#images, name);
      await this.records.set(newId, { ...(await this.#recordOf(id)), name });
      await this.records.delete(id);
      await this.records.replaceGiven(id, newId);
      return this.entry(newId);
    });
  }

  /** Returns a token for {@link undoDelete}. */
  delete(id: ImageId): Promise<string> {
    this.keys.forget(id);
    return this.alone(id, () => this.#trash.put(id));
  }

  async undoDelete(token: string): Promise<LibraryEntry> {
    return this.entry(await this.#trash.takeBack(token));
  }

  async download(id: ImageId): Promise<File> {
    const { name } = await this.entry(id);
    return this.#locks.look(id, async () => new File([await this.files.blob(id)], name));
  }

  /** The image that the user gave for the backing file of `id`; null too when it is there no more. */
  async backingOf(id: ImageId): Promise<ImageId | null> {
    const backing = (await this.records.get(id))?.backing ?? null;
    return backing !== null && (await this.has(backing)) ? backing : null;
  }

  async setBacking(id: ImageId, backing: ImageId): Promise<void> {
    await this.records.set(id, { ...(await this.#recordOf(id)), backing });
  }

  /**
   * The file that stands for an image's external data file: the one that the user gave, else the only one of its name.
   * @param name as the image names it, if it does
   */
  async dataFileOf(id: ImageId, name: string | null): Promise<{ id: ImageId; name: string } | null> {
    const given = (await this.records.get(id))?.dataFile ?? null;
    const plainName = name?.slice(name.lastIndexOf('/') + 1);
    const others = (await this.names()).filter((file) => file.id !== id);
    const found = others.filter((file) => (given === null ? file.name === plainName : file.id === given));
    return found.length === 1 ? found[0]! : null;
  }

  async setDataFile(id: ImageId, dataFile: ImageId): Promise<void> {
    await this.records.set(id, { ...(await this.#recordOf(id)), dataFile });
  }

  /** Shows a local file as it is on disk again. */
  discardChanges(id: ImageId): Promise<void> {
    if (browserName(id) !== null) {
      throw new EngineError(
        'invalid-argument',
        'An image in the browser is changed at once; there is nothing to discard.',
      );
    }
    this.keys.forget(id);
    return this.alone(id, async () => {
      await this.files.removeOverlay(id);
      await this.local.reread(id);
    });
  }

  async noteUse(id: ImageId): Promise<void> {
    await this.records.set(id, { ...(await this.#recordOf(id)), lastUse: Date.now() });
  }

  async #unread(): Promise<LibraryEntry[]> {
    const ids = [...(await this.#images.names()).map(browserId), ...(await this.local.ids())];
    const records = new Map(await this.records.all());
    return ids.map((id) => unreadEntry(id, records.get(id) ?? null)).sort((a, b) => b.lastUse - a.lastUse);
  }

  async #measured(entry: LibraryEntry): Promise<LibraryEntry> {
    try {
      return { ...entry, ...(await this.#measure(entry.id)) };
    } catch (error) {
      if (!isEngineError(error)) throw error;
      return { ...entry, about: problemOf(error.code, error.message) };
    }
  }

  async #measure(id: ImageId) {
    const measure = async () => withStorage(await this.files.openSnapshot(id), measurementsOf);
    const measured = await measure();
    // Somebody wrote to it between taking the snapshot and reading it; the next one is a moment younger.
    const isOutdated = browserName(id) !== null && measured.about.kind === 'problem' && measured.about.code === 'stale';
    return isOutdated ? measure() : measured;
  }

  async #recordOf(id: ImageId): Promise<ImageRecord> {
    return (await this.records.get(id)) ?? { name: browserName(id) ?? id, lastUse: Date.now(), backing: null };
  }
}

function unreadEntry(id: ImageId, record: ImageRecord | null): LibraryEntry {
  const name = browserName(id);
  return {
    id,
    name: name ?? record?.name ?? id,
    place: name === null ? 'local-file' : 'browser',
    lastUse: record?.lastUse ?? 0,
    fileSize: 0,
    allocatedBytes: null,
    unsavedChanges: 0,
    about: { kind: 'unread' },
  };
}

function measurementsOf(storage: Storage) {
  storage.willRead?.([{ at: 0, length: HEAD_LENGTH }]);
  const about = summarize(storage);
  const isSound = about.kind === 'qcow2' && about.state === 'clean';
  return {
    fileSize: storage.size,
    allocatedBytes: isSound ? allocatedBytes(storage, readHead(storage, { writable: false })) : null,
    unsavedChanges: storage instanceof OverlayStorage ? storage.changedBlockCount : 0,
    about,
  };
}

async function orRelease<T>(release: () => void, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    release();
    throw error;
  }
}

async function withStorage<T>(storage: Storage, work: (storage: Storage) => Promise<T> | T): Promise<T> {
  try {
    return await work(storage);
  } finally {
    storage.close();
  }
}
