import { clear } from 'idb-keyval';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { LocalFiles } from '../../../src/worker/library/local-files.ts';
import { emptyStorage } from '../connect.ts';

interface PermissionHolder {
  queryPermission(options: { mode: 'read' | 'readwrite' }): Promise<PermissionState>;
}

/** The browser's answer to questions about permission; files in its own storage are otherwise always granted. */
function permissionIs(answers: Record<'read' | 'readwrite', PermissionState>): void {
  const prototype = FileSystemHandle.prototype as unknown as PermissionHolder;
  vi.spyOn(prototype, 'queryPermission').mockImplementation(async ({ mode }) => answers[mode]);
}

async function someHandle(name: string): Promise<FileSystemFileHandle> {
  return (await navigator.storage.getDirectory()).getFileHandle(name, { create: true });
}

describe('local files', () => {
  // This page itself keeps the handles open in IndexedDB, so the database cannot be deleted between tests.
  beforeAll(emptyStorage);
  beforeEach(() => clear());
  afterEach(() => vi.restoreAllMocks());

  it('are listed after a restart, and readable again once permission is given', async () => {
    const handle = await someHandle('disk.qcow2');
    const id = await new LocalFiles().add(await handle.getFile(), handle);
    const restarted = new LocalFiles();
    permissionIs({ read: 'prompt', readwrite: 'prompt' });
    expect(await restarted.ids()).toEqual([id]);
    await expect(restarted.file(id)).rejects.toMatchObject({
      code: 'permission',
      hint: expect.stringContaining('Click'),
    });
    permissionIs({ read: 'granted', readwrite: 'prompt' });
    expect((await restarted.file(id)).name).toBe('disk.qcow2');
  });

  it('are not written while only reading is allowed', async () => {
    const handle = await someHandle('disk.qcow2');
    const files = new LocalFiles();
    const id = await files.add(await handle.getFile(), handle);
    permissionIs({ read: 'granted', readwrite: 'denied' });
    await expect(files.writableHandle(id)).rejects.toMatchObject({
      code: 'permission',
      hint: expect.stringContaining('The changes are kept'),
    });
    permissionIs({ read: 'granted', readwrite: 'granted' });
    expect(await (await files.writableHandle(id)).isSameEntry(handle)).toBe(true);
  });

  it('keep one id each, whoever gives them again', async () => {
    const [a, b] = [await someHandle('a'), await someHandle('b')];
    const files = new LocalFiles();
    const id = await files.add(await a.getFile(), a);
    expect(await files.add(await b.getFile(), b)).not.toBe(id);
    expect(await new LocalFiles().add(await a.getFile(), await someHandle('a'))).toBe(id);
  });
});
