import { OverlayStorage, type Storage } from '#engine';
import { acceptPorts, serve } from '#rpc';
import { BlobStorage } from '../../../src/worker/storage/blob.ts';
import { openOpfsStorage } from '../../../src/worker/storage/opfs.ts';
import { STORAGE_CONTRACT } from '../../engine/storage/contract-cases.ts';
import type { StorageMethods, StorageKind } from './storage-methods.ts';

// The browser's files can be used synchronously in a worker only, so the tests' storages live here.
let held: Storage | null = null;

/** `path` may lead through folders. */
async function fileHandle(path: string): Promise<FileSystemFileHandle> {
  const folders = path.split('/');
  const name = folders.pop()!;
  let folder = await navigator.storage.getDirectory();
  for (const part of folders) folder = await folder.getDirectoryHandle(part);
  return folder.getFileHandle(name, { create: true });
}

async function openStorage(kind: StorageKind): Promise<Storage> {
  if (kind === 'opfs') return openOpfsStorage(await fileHandle('contract'), 'write');
  return new OverlayStorage({
    base: new BlobStorage(new Blob([])),
    baseVersion: { size: 0, modified: 1 },
    data: await openOpfsStorage(await fileHandle('contract.data'), 'write'),
    journal: await openOpfsStorage(await fileHandle('contract.journal'), 'write'),
  });
}

acceptPorts(self, (port) => {
  serve<StorageMethods>(port, {
    async contract({ kind, name }) {
      const opened: Storage[] = [];
      const open = async () => {
        const storage = await openStorage(kind);
        opened.push(storage);
        return storage;
      };
      try {
        await STORAGE_CONTRACT[name]!({ storage: await open(), reopen: open, isPersistent: true });
      } finally {
        for (const storage of opened) storage.close();
      }
    },
    async hold({ name, mode, blob }) {
      held?.close();
      held = blob === null ? await openOpfsStorage(await fileHandle(name), mode) : new BlobStorage(blob);
      return held.size;
    },
    willRead: ({ ranges }) => held!.willRead!(ranges),
    read: ({ at, length }) => {
      const bytes = new Uint8Array(length);
      held!.read(at, bytes);
      return bytes;
    },
    write: ({ at, bytes }) => {
      held!.write(at, bytes, 'guest-data');
      held!.flush('flush-guest');
      return held!.size;
    },
    truncate: ({ size }) => {
      held!.truncate(size, 'truncate');
      return held!.size;
    },
    discard: ({ at, length }) => held!.discard(at, length, 'discard'),
    release: () => held?.close(),
  });
});
