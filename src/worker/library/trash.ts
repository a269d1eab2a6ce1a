import { EngineError } from '#engine';
import type { ImageId } from '#protocol';
import type { Folder } from './folder.ts';
import { browserId, browserName, type ImageFiles } from './image-files.ts';
import type { LocalFiles } from './local-files.ts';
import { freeName } from './names.ts';
import { DeletedRecords, type Records } from './records.ts';

/** How long a deleted image can be brought back. */
const KEPT_MS = 60 * 60 * 1000;

export interface TrashParts {
  readonly images: Folder;
  readonly trash: Folder;
  readonly files: ImageFiles;
  readonly local: LocalFiles;
  readonly records: Records;
}

/** Deleted images, each under a token that says when it was deleted and what it was called. */
export class Trash {
  readonly #parts: TrashParts;
  readonly #deleted = new DeletedRecords();

  constructor(parts: TrashParts) {
    this.#parts = parts;
  }

  /** Takes an image out of the library; returns the token that brings it back. A local file stays where it is. */
  async put(id: ImageId): Promise<string> {
    const { images, trash, local, records } = this.#parts;
    const name = browserName(id);
    const token = `${Date.now()}-${crypto.randomUUID()}~${name ?? ''}`;
    const handle = name === null ? await local.forget(id) : null;
    await this.#deleted.set(token, { id, record: await records.get(id), handle });
    if (name !== null) await images.move(name, trash, token);
    await records.delete(id);
    // Another image that gets this name must not slip in for what somebody was given.
    await records.replaceGiven(id, deletedId(token));
    return token;
  }

  /** Brings an image back, under its old name or, if that is taken, one like it; returns its id. */
  async takeBack(token: string): Promise<ImageId> {
    const { images, trash, local, records } = this.#parts;
    const deleted = await this.#deleted.get(token);
    if (deleted === null) throw new EngineError('not-found', 'This image cannot be brought back any more.');
    const { id, record, handle } = deleted;
    const oldName = browserName(id);
    const name = oldName === null ? null : freeName(oldName, await images.names());
    if (name === null) await local.remember(id, handle);
    else await trash.move(token, images, name);
    const newId = name === null ? id : browserId(name);
    if (record !== null) await records.set(newId, name === null ? record : { ...record, name });
    await records.replaceGiven(deletedId(token), newId);
    await this.#deleted.delete(token);
    return newId;
  }

  /** Removes for good what was deleted more than an hour ago; younger ones may belong to an undo in another tab. */
  async sweep(): Promise<void> {
    for (const token of await this.#deleted.tokens()) {
      if (Number.parseInt(token) >= Date.now() - KEPT_MS) continue;
      await this.#parts.trash.remove(token);
      const id = (await this.#deleted.get(token))?.id;
      // A local file that was given again has its changes back.
      if (id !== undefined && browserName(id) === null && (await this.#parts.records.get(id)) === null) {
        await this.#parts.files.removeOverlay(id);
      }
      await this.#deleted.delete(token);
    }
  }
}

/** Stands for a deleted image where another one names it as its backing file. */
function deletedId(token: string): ImageId {
  return `deleted:${token}`;
}
