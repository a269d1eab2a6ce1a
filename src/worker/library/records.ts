import { createStore, del, entries, get, keys, set, type UseStore } from 'idb-keyval';
import type { ImageId } from '#protocol';

/** What is known of an image beside its bytes. */
export interface ImageRecord {
  readonly name: string;
  /** Milliseconds since 1970. */
  readonly lastUse: number;
  /** The image that the user gave for its backing file. */
  readonly backing: ImageId | null;
  /** The file that the user gave for its external data file; absent where nobody was asked. */
  readonly dataFile?: ImageId | null;
}

/**
 * The records of all images, in IndexedDB. Handles of local files stand in idb-keyval's default store under the image's
 * id, where the page finds them too: only the page can ask for permission.
 */
export class Records {
  readonly #store: UseStore = createStore('workbench-images', 'records');

  async get(id: ImageId): Promise<ImageRecord | null> {
    return (await get<ImageRecord>(id, this.#store)) ?? null;
  }

  async set(id: ImageId, record: ImageRecord): Promise<void> {
    await set(id, record, this.#store);
  }

  async delete(id: ImageId): Promise<void> {
    await del(id, this.#store);
  }

  async all(): Promise<[ImageId, ImageRecord][]> {
    return entries<ImageId, ImageRecord>(this.#store);
  }

  /** Whoever was given `from`, as a backing file or for its data, has `to` now. */
  async replaceGiven(from: ImageId, to: ImageId): Promise<void> {
    for (const [id, record] of await this.all()) {
      if (record.backing !== from && record.dataFile !== from) continue;
      const backing = record.backing === from ? to : record.backing;
      await this.set(id, { ...record, backing, ...(record.dataFile === from && { dataFile: to }) });
    }
  }
}

/** What comes back when a deletion is undone. */
export interface DeletedImage {
  readonly id: ImageId;
  readonly record: ImageRecord | null;
  /** Of a local file. */
  readonly handle: FileSystemFileHandle | null;
}

/** Deleted images by undo token. */
export class DeletedRecords {
  readonly #store: UseStore = createStore('workbench-trash', 'deleted');

  async get(token: string): Promise<DeletedImage | null> {
    return (await get<DeletedImage>(token, this.#store)) ?? null;
  }

  async set(token: string, deleted: DeletedImage): Promise<void> {
    await set(token, deleted, this.#store);
  }

  async delete(token: string): Promise<void> {
    await del(token, this.#store);
  }

  async tokens(): Promise<string[]> {
    return keys<string>(this.#store);
  }
}

export async function keepHandle(id: ImageId, handle: FileSystemFileHandle): Promise<void> {
  await set(id, handle);
}

export async function forgetHandle(id: ImageId): Promise<void> {
  await del(id);
}

export async function handleOf(id: ImageId): Promise<FileSystemFileHandle | null> {
  return (await get<FileSystemFileHandle>(id)) ?? null;
}

/** All local files whose handle is kept. */
export async function keptHandles(): Promise<[ImageId, FileSystemFileHandle][]> {
  return (await entries<ImageId, FileSystemFileHandle>()).filter(([id]) => id.startsWith('local:'));
}
