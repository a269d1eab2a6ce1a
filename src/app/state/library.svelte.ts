import { consoleNames, type CreateRequest, type ImageId, type LibraryEntry, type SampleName } from '#protocol';
import { errorSentence } from '../text/errors.ts';
import { freeName } from './free-name.ts';
import { mergeEntries } from './listed-entries.ts';
import { localHandle } from './local-handles.ts';
import type { Workbench } from './workbench.svelte.ts';

const SEEN_KEY = 'library-has-images';

export type LibraryDialog = { readonly kind: 'new' } | { readonly kind: 'rename'; readonly entry: LibraryEntry };

/** The images that the workbench knows of. */
export class Library {
  /** Null until the first list has come. */
  entries = $state.raw<readonly LibraryEntry[] | null>(null);
  error = $state.raw<unknown>(null);
  /** What the library was like at the last visit, so that the first paint is right before the list has come. */
  readonly wasEmpty = localStorage.getItem(SEEN_KEY) === null;
  /** The dialogue that is open over the library. */
  dialog = $state.raw<LibraryDialog | null>(null);
  /** Images by their names in the console. */
  readonly consoleNames = $derived(consoleNames(this.entries ?? []));
  readonly #workbench: Workbench;
  /** The list that is being made. */
  #refreshing: AbortController | null = null;

  constructor(workbench: Workbench) {
    this.#workbench = workbench;
  }

  entry(id: ImageId): LibraryEntry | null {
    return this.entries?.find((entry) => entry.id === id) ?? null;
  }

  /** As the engine has noted it: the next list would say so, but by then its order has been seen. */
  noteUse(id: ImageId): void {
    const used = (entry: LibraryEntry) => (entry.id === id ? { ...entry, lastUse: Date.now() } : entry);
    this.entries = this.entries?.map(used) ?? null;
  }

  /** The name that means this image on a command line of the console, or null for one that is not listed. */
  consoleName(id: ImageId): string | null {
    for (const [name, named] of this.consoleNames) if (named === id) return name;
    return null;
  }

  async refresh(): Promise<void> {
    this.#refreshing?.abort();
    const refreshing = new AbortController();
    this.#refreshing = refreshing;
    const isCurrent = () => this.#refreshing === refreshing;
    try {
      const entries = await this.#client.call('library.list', undefined, {
        signal: refreshing.signal,
        onProgress: (part) => {
          if (isCurrent()) this.entries = mergeEntries(this.entries ?? [], part);
        },
      });
      if (!isCurrent()) return;
      this.#refreshing = null;
      this.entries = entries;
      if (this.entries.length > 0) localStorage.setItem(SEEN_KEY, 'yes');
      else localStorage.removeItem(SEEN_KEY);
      this.error = null;
    } catch (error) {
      if (!isCurrent()) return;
      this.#refreshing = null;
      this.error = error;
    }
  }

  async create(request: CreateRequest): Promise<LibraryEntry> {
    return this.#keep(await this.#client.call('library.create', request));
  }

  async createSample(sample: SampleName): Promise<LibraryEntry> {
    const work = this.#client.call('library.createSample', { sample });
    return this.#keep(await this.#workbench.activities.run(`Making the sample ${sample}`, () => work));
  }

  async addLocal(file: File, handle: FileSystemFileHandle | null): Promise<LibraryEntry> {
    return this.#keep(await this.#client.call('library.addLocal', { file, handle }));
  }

  /** Copies a local file into the browser's storage. */
  async import(file: File): Promise<LibraryEntry> {
    return this.#workbench.activities.run(`Copying ${file.name} into the browser`, async ({ signal, onProgress }) =>
      this.#keep(
        await this.#client.call('library.import', { file, name: this.freeName(file.name) }, { signal, onProgress }),
      ),
    );
  }

  async rename(id: ImageId, name: string): Promise<LibraryEntry> {
    const entry = await this.#client.call('library.rename', { id, name });
    this.#forget(id);
    return this.#keep(entry);
  }

  async duplicate(entry: LibraryEntry): Promise<LibraryEntry> {
    const name = this.freeName(entry.name);
    return this.#workbench.activities.run(`Duplicating ${entry.name}`, async ({ signal, onProgress }) =>
      this.#keep(await this.#client.call('library.duplicate', { id: entry.id, name }, { signal, onProgress })),
    );
  }

  /** Deletes with a way back: the toast's Undo. */
  async delete(entry: LibraryEntry): Promise<void> {
    const { undoToken } = await this.#client.call('library.delete', { id: entry.id });
    this.#forget(entry.id);
    const what = entry.place === 'browser' ? `Deleted ${entry.name}` : `Removed ${entry.name} from the list`;
    this.#workbench.toasts.info(what, { label: 'Undo', run: () => void this.#undoDelete(undoToken) });
  }

  async download(entry: LibraryEntry): Promise<void> {
    const file = await this.#client.call('library.download', { id: entry.id });
    downloadFile(file, entry.name);
  }

  /** Asks for permission again (call it from a click) and opens the local file as it is now. */
  async reopenLocal(id: ImageId): Promise<LibraryEntry> {
    const handle = await localHandle(id);
    if (handle === null) throw new DOMException('The file has to be picked again.', 'NotFoundError');
    if ((await handle.requestPermission({ mode: 'read' })) !== 'granted') {
      throw new DOMException('Permission was not given.', 'NotAllowedError');
    }
    return this.addLocal(await handle.getFile(), handle);
  }

  /** `a.qcow2`, or `a 2.qcow2` and so on when that is taken. */
  freeName(wanted: string): string {
    return freeName(wanted, this.entries?.map((entry) => entry.name) ?? []);
  }

  async #undoDelete(undoToken: string): Promise<void> {
    try {
      this.#keep(await this.#client.call('library.undoDelete', { undoToken }));
    } catch (error) {
      this.#workbench.toasts.error(errorSentence(error));
    }
  }

  get #client() {
    return this.#workbench.engine.client;
  }

  #keep(entry: LibraryEntry): LibraryEntry {
    // Without it the browser may clear this storage when the disk gets full; asking again costs nothing.
    if (entry.place === 'browser') void navigator.storage.persist();
    const others = (this.entries ?? []).filter(({ id }) => id !== entry.id);
    this.entries = [entry, ...others];
    this.#listAnew();
    this.#workbench.otherTabs.tell([entry.id]);
    return entry;
  }

  #forget(id: ImageId): void {
    this.entries = (this.entries ?? []).filter((entry) => entry.id !== id);
    this.#listAnew();
    this.#workbench.images.forget(id);
    this.#workbench.router.forgetImage(id);
    this.#workbench.otherTabs.tell([id]);
  }

  /** A list that was begun before a change does not know of it. */
  #listAnew(): void {
    if (this.#refreshing !== null) void this.refresh();
  }
}

function downloadFile(file: Blob, name: string): void {
  const url = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The download has its own reference by then; a large file is not copied.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
