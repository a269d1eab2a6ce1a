import { EngineError } from '#engine';
import type { ImageId } from '#protocol';
import { guardedAsync } from '../storage/faults.ts';
import { forgetHandle, handleOf, keepHandle, keptHandles } from './records.ts';

/** Permission questions on a handle; not in TypeScript's library yet. */
interface PermissionHolder {
  queryPermission(options: { mode: 'read' | 'readwrite' }): Promise<PermissionState>;
}

/** The local files that the user gave: their handles, and the `File` that each was read through since it was opened. */
export class LocalFiles {
  /** A `File` shows one state of its file and turns unreadable when the file changes, which is how a change is noticed. */
  readonly #files = new Map<ImageId, File>();
  readonly #forgotten = new Map<ImageId, File>();

  /** The same file gets the same id again, so that its changes are found. */
  async add(file: File, handle: FileSystemFileHandle | null): Promise<ImageId> {
    const id = handle === null ? await idOfFile(file) : await this.#idOfHandle(handle);
    if (handle !== null) await keepHandle(id, handle);
    this.#files.set(id, file);
    return id;
  }

  /** All that can be listed: with a kept handle, or given since the worker started. */
  async ids(): Promise<ImageId[]> {
    const kept = await keptHandles();
    return [...new Set([...kept.map(([id]) => id), ...this.#files.keys()])];
  }

  /** @throws EngineError permission when the user has to be asked again, not-found when nothing is known of it any more */
  async file(id: ImageId): Promise<File> {
    const known = this.#files.get(id);
    if (known !== undefined) return known;
    const handle = await handleOf(id);
    if (handle === null) throw new EngineError('not-found', 'This file was given without a handle; pick it again.');
    if ((await permissionOf(handle, 'read')) !== 'granted') {
      throw new EngineError('permission', 'The browser asks for permission again after a reload.', {
        hint: 'Click the image to grant access.',
      });
    }
    return this.refresh(id, handle);
  }

  /** Takes the file's present state for the one to show. */
  async refresh(id: ImageId, handle: FileSystemFileHandle): Promise<File> {
    const file = await guardedAsync(() => handle.getFile());
    this.#files.set(id, file);
    return file;
  }

  /** As {@link refresh}, where the file can be read without asking; otherwise the next look asks. */
  async reread(id: ImageId): Promise<void> {
    const handle = await handleOf(id);
    if (handle === null) return;
    this.#files.delete(id);
    if ((await permissionOf(handle, 'read')) === 'granted') await this.refresh(id, handle);
  }

  /** @throws EngineError permission when the file cannot be written without asking */
  async writableHandle(id: ImageId): Promise<FileSystemFileHandle> {
    const handle = await handleOf(id);
    if (handle === null) {
      throw new EngineError('permission', 'This file was given without the right to write it.', {
        hint: 'Open it by its button or by dropping it, or download the changed image instead.',
      });
    }
    if ((await permissionOf(handle, 'readwrite')) !== 'granted') {
      throw new EngineError('permission', 'The browser has not allowed to write this file.', {
        hint: 'Save again and grant it. The changes are kept meanwhile.',
      });
    }
    return handle;
  }

  /** Takes a file off the list; returns its handle, with which it can be remembered. */
  async forget(id: ImageId): Promise<FileSystemFileHandle | null> {
    const handle = await handleOf(id);
    await forgetHandle(id);
    const file = this.#files.get(id);
    if (file !== undefined) this.#forgotten.set(id, file);
    this.#files.delete(id);
    return handle;
  }

  async remember(id: ImageId, handle: FileSystemFileHandle | null): Promise<void> {
    const file = this.#forgotten.get(id);
    if (handle === null && file === undefined) {
      throw new EngineError('not-found', 'This file was given without a handle; pick it again.');
    }
    if (handle !== null) await keepHandle(id, handle);
    if (file !== undefined) this.#files.set(id, file);
    this.#forgotten.delete(id);
  }

  async #idOfHandle(handle: FileSystemFileHandle): Promise<ImageId> {
    for (const [id, kept] of await keptHandles()) {
      if (await kept.isSameEntry(handle)) return id;
    }
    return `local:${crypto.randomUUID()}`;
  }
}

/** A file without a handle is known by its name, size and time of change. */
async function idOfFile({ name, size, lastModified }: File): Promise<ImageId> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${name}\n${size}\n${lastModified}`));
  const hex = Array.from(new Uint8Array(digest, 0, 16), (byte) => byte.toString(16).padStart(2, '0'));
  return `local:${hex.join('')}`;
}

function permissionOf(handle: FileSystemFileHandle, mode: 'read' | 'readwrite'): Promise<PermissionState> {
  return (handle as unknown as PermissionHolder).queryPermission({ mode });
}
