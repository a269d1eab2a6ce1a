import { vi } from 'vitest';
import type { ImageMethods } from '#protocol';
import { connectToWorker, createClient, type Client } from '#rpc';
import type { StorageMethods } from './storage/storage-methods.ts';

/** A worker that holds storages for tests: another tab, as far as locks go. */
export function startStorageWorker(): { worker: Worker; client: Client<StorageMethods> } {
  const worker = new Worker(new URL('./storage/storage-worker.ts', import.meta.url), { type: 'module' });
  return { worker, client: createClient<StorageMethods>(connectToWorker(worker)) };
}

/** The real worker, as the page starts it. */
export function startWorker(): { worker: Worker; client: Client<ImageMethods> } {
  const worker = new Worker(new URL('../../src/worker/main.ts', import.meta.url), { type: 'module' });
  return { worker, client: createClient<ImageMethods>(connectToWorker(worker)) };
}

/** Empties the browser's storage for this page. */
export async function emptyStorage(): Promise<void> {
  const root = await navigator.storage.getDirectory();
  // The locks of a worker that was ended are freed a moment later.
  const removal = async () => {
    for await (const name of root.keys()) await root.removeEntry(name, { recursive: true });
  };
  await vi.waitFor(removal, { timeout: 20_000 });
  const databases = await indexedDB.databases();
  await Promise.all(
    databases.map(
      ({ name }) =>
        new Promise<void>((resolve, reject) => {
          const request = indexedDB.deleteDatabase(name!);
          request.onsuccess = () => resolve();
          request.onerror = () => reject(request.error ?? new Error('The database could not be deleted.'));
        }),
    ),
  );
}
