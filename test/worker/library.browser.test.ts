import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ImageMethods, LibraryEntry } from '#protocol';
import type { Client } from '#rpc';
import { expectBytes } from '../engine/storage/contract-cases.ts';
import { emptyStorage, startWorker } from './connect.ts';

let client: Client<ImageMethods>;
let worker: Worker;
function restart(): void {
  worker.terminate();
  ({ client, worker } = startWorker());
}
beforeEach(async () => {
  await emptyStorage();
  ({ client, worker } = startWorker());
});
afterEach(() => worker.terminate());

async function names(): Promise<string[]> {
  return (await client.call('library.list')).map(({ name }) => name).sort();
}

/** A file with a real handle that the user gave, as far as a test can: it lies in the browser's own storage. */
async function localFile(name: string, bytes: BlobPart): Promise<FileSystemFileHandle> {
  const root = await navigator.storage.getDirectory();
  const handle = await (
    await root.getDirectoryHandle('elsewhere', { create: true })
  ).getFileHandle(name, { create: true });
  const writable = await handle.createWritable();
  await writable.write(bytes);
  await writable.close();
  return handle;
}

/** The bytes of a sample, without it in the library. */
async function sampleBytes(sample: 'version-2' | 'dirty-after-crash' | 'leaked-clusters'): Promise<ArrayBuffer> {
  const { id } = await client.call('library.createSample', { sample });
  const bytes = await (await client.call('library.download', { id })).arrayBuffer();
  await client.call('library.delete', { id });
  return bytes;
}

async function filesIn(folder: string): Promise<string[]> {
  const root = await navigator.storage.getDirectory();
  const names: string[] = [];
  for await (const name of (await root.getDirectoryHandle(folder)).keys()) names.push(name);
  return names;
}

/** 512 MiB, which take long enough to copy for something to come between. */
function bigFile(): File {
  const part = new Uint8Array(16 * 2 ** 20).fill(1);
  return new File(Array<Uint8Array<ArrayBuffer>>(32).fill(part), 'big.qcow2');
}

async function bytesOf(file: Blob): Promise<Uint8Array> {
  return new Uint8Array(await file.arrayBuffer());
}

describe('images in the browser’s storage', () => {
  it('are listed at once where there are many, and read part by part', async () => {
    const { id } = await client.call('library.create', { name: 'image 0.qcow2', options: { size: 2 ** 20 } });
    const seed = await client.call('library.download', { id });
    const images = await (await navigator.storage.getDirectory()).getDirectoryHandle('images');
    for (let index = 1; index < 70; index++) {
      const file = await (await images.getFileHandle(`image ${index}.qcow2`, { create: true })).createWritable();
      await file.write(seed);
      await file.close();
    }
    const parts: (readonly LibraryEntry[])[] = [];
    const entries = await client.call('library.list', undefined, { onProgress: (part) => parts.push(part) });
    expect(entries.length).toBe(70);
    expect(entries.every(({ about }) => about.kind === 'qcow2')).toBe(true);
    const [listed, ...read] = parts;
    expect(listed!.map((entry) => entry.id)).toEqual(entries.map((entry) => entry.id));
    expect(listed!.every(({ about }) => about.kind === 'unread')).toBe(true);
    expect(read.flat()).toEqual(entries.slice(0, read.flat().length));
    expect(entries[0]!.id).toBe(id);
  });

  it('are renamed, duplicated and downloaded', async () => {
    const { id } = await client.call('library.createSample', { sample: 'version-2' });
    const renamed = await client.call('library.rename', { id, name: 'b.qcow2' });
    expect(renamed).toMatchObject({ id: 'opfs:b.qcow2', name: 'b.qcow2', about: { kind: 'qcow2', version: 2 } });
    await client.call('library.duplicate', { id: renamed.id, name: 'c.qcow2' });
    expect(await names()).toEqual(['b.qcow2', 'c.qcow2']);
    const [b, c] = await Promise.all(
      ['opfs:b.qcow2', 'opfs:c.qcow2'].map((image) => client.call('library.download', { id: image })),
    );
    expect(b!.name).toBe('b.qcow2');
    expectBytes(await bytesOf(b!), await bytesOf(c!));
  });

  it('keep their names apart', async () => {
    await client.call('library.createSample', { sample: 'version-2' });
    const { id, name } = await client.call('library.createSample', { sample: 'version-2' });
    expect(name).toBe('version-2 2.qcow2');
    const taken = { id, name: 'version-2.qcow2' };
    await expect(client.call('library.rename', taken)).rejects.toMatchObject({ code: 'exists' });
    await expect(client.call('library.duplicate', taken)).rejects.toMatchObject({ code: 'exists' });
    await expect(client.call('library.duplicate', { id, name })).rejects.toMatchObject({ code: 'exists' });
    await expect(client.call('library.rename', { id, name: 'a/b' })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  it('are what another tab has made of them since', async () => {
    const { id, name } = await client.call('library.createSample', { sample: 'version-2' });
    expect(await client.call('image.overview', { id })).toMatchObject({ summary: { version: 2 } });
    const other = startWorker();
    try {
      await other.client.call('library.delete', { id });
      await expect(client.call('image.overview', { id })).rejects.toMatchObject({ code: 'not-found' });
      await expect(client.call('library.download', { id })).rejects.toMatchObject({ code: 'not-found' });
      expect(await filesIn('images')).toEqual([]);
      const crashed = await other.client.call('library.createSample', { sample: 'dirty-after-crash' });
      await other.client.call('library.rename', { id: crashed.id, name });
      expect(await client.call('image.overview', { id })).toMatchObject({ summary: { version: 3 } });
    } finally {
      other.worker.terminate();
    }
  });

  it('come back from the trash, also after a restart and when the name is taken', async () => {
    const { id } = await client.call('library.createSample', { sample: 'version-2' });
    const { undoToken } = await client.call('library.delete', { id });
    expect(await names()).toEqual([]);
    restart();
    await client.call('library.createSample', { sample: 'version-2' });
    const back = await client.call('library.undoDelete', { undoToken });
    expect(back.name).toBe('version-2 2.qcow2');
    expect(back.lastUse).toBeGreaterThan(0);
    await expect(client.call('library.undoDelete', { undoToken })).rejects.toMatchObject({ code: 'not-found' });
  });

  it('are copied in from a file, and a cancelled copy leaves nothing', async () => {
    const big = bigFile();
    const abort = new AbortController();
    const copying = client.call(
      'library.import',
      { file: big, name: 'big.qcow2' },
      { signal: abort.signal, onProgress: () => abort.abort() },
    );
    await expect(copying).rejects.toMatchObject({ code: 'cancelled' });
    expect(await names()).toEqual([]);
    expect(await filesIn('drafts')).toEqual([]);
    const file = new File([await sampleBytes('version-2')], 'in.qcow2');
    const entry = await client.call('library.import', { file, name: 'in.qcow2' });
    expectBytes(await bytesOf(await client.call('library.download', { id: entry.id })), await bytesOf(file));
  });

  it('enter the list complete, and what a closed tab left unfinished is cleared away', async () => {
    const big = bigFile();
    const begun = Promise.withResolvers<null>();
    const copying = client.call(
      'library.import',
      { file: big, name: 'big.qcow2' },
      { onProgress: () => begun.resolve(null) },
    );
    copying.catch(() => undefined);
    await begun.promise;
    expect(await names()).toEqual([]);
    expect(await filesIn('drafts')).toHaveLength(1);
    restart();
    expect(await names()).toEqual([]);
    await expect.poll(() => filesIn('drafts'), { timeout: 10_000 }).toEqual([]);
  });

  it('are listed with what keeps them from being opened', async () => {
    const file = new File(['MZ this is a program'], 'program.qcow2');
    const entry = await client.call('library.import', { file, name: 'program.qcow2' });
    expect(entry.about).toMatchObject({ kind: 'problem', code: 'not-qcow2', message: 'Image is not in qcow2 format' });
    expect(entry.about.kind === 'problem' && entry.about.firstBytes.slice(0, 2)).toEqual(Uint8Array.of(0x4d, 0x5a));
  });
});

describe('a local file', () => {
  it('is changed in an overlay that survives a restart, and saved once', async () => {
    const original = await sampleBytes('version-2');
    const handle = await localFile('disk.qcow2', original);
    const { id } = await client.call('library.addLocal', { handle, file: await handle.getFile() });
    expect(await client.call('image.changes', { id })).toEqual([]);
    await client.call('image.write', { id, at: 0, bytes: new TextEncoder().encode('changed') });
    expectBytes(await bytesOf(await handle.getFile()), new Uint8Array(original));

    restart();
    const [entry] = await client.call('library.list');
    expect(entry).toMatchObject({ id, name: 'disk.qcow2', place: 'local-file' });
    expect(entry!.unsavedChanges).toBeGreaterThan(0);
    const { bytes } = await client.call('image.guestBytes', { id, at: 0, length: 7 });
    expect(new TextDecoder().decode(bytes)).toBe('changed');
    const shown = await bytesOf(await client.call('library.download', { id }));
    const ranges = await client.call('image.changes', { id });
    const { at } = ranges[0]!;
    const below = await client.call('image.originalBytes', { id, at, length: 16 });
    expect(below.bytes).toEqual(new Uint8Array(original, at, 16));

    const overview = await client.call('image.save', { id });
    expect(overview.unsavedChanges).toBe(0);
    expectBytes(await bytesOf(await handle.getFile()), shown);
    expect((await client.call('image.check', { id })).verdict.level).toBe('sound');
  });

  it('shows its original again when the changes are discarded', async () => {
    const original = await sampleBytes('leaked-clusters');
    const handle = await localFile('disk.qcow2', original);
    const { id } = await client.call('library.addLocal', { handle, file: await handle.getFile() });
    const { planId } = await client.call('image.planRepair', { id, mode: 'leaks' });
    const { after } = await client.call('image.applyRepair', { planId, stepCount: null });
    expect(after.exitCode).toBe(0);
    expect((await client.call('image.discardChanges', { id })).unsavedChanges).toBe(0);
    expect((await client.call('image.check', { id })).exitCode).toBe(3);
    expectBytes(await bytesOf(await client.call('library.download', { id })), new Uint8Array(original));
  });

  it('that changed on disk is stale: not overwritten, its changes kept until they are discarded', async () => {
    const original = await sampleBytes('version-2');
    let handle = await localFile('disk.qcow2', original);
    const { id } = await client.call('library.addLocal', { handle, file: await handle.getFile() });
    await client.call('image.write', { id, at: 0, bytes: Uint8Array.of(1, 2, 3) });
    const foreign = new Uint8Array(original.slice(0)).fill(0xff, 200_000, 200_100);
    handle = await localFile('disk.qcow2', foreign);
    await expect(client.call('image.check', { id })).rejects.toMatchObject({ code: 'stale' });
    await expect(client.call('image.save', { id })).rejects.toMatchObject({ code: 'stale' });
    const reopened = await client.call('library.addLocal', { handle, file: await handle.getFile() });
    expect(reopened).toMatchObject({ id, about: { kind: 'problem', code: 'stale' } });
    await expect(client.call('image.save', { id })).rejects.toMatchObject({ code: 'stale' });
    expectBytes(await bytesOf(await handle.getFile()), foreign);
    await client.call('image.discardChanges', { id });
    expect((await client.call('library.list'))[0]!.about).toMatchObject({ kind: 'qcow2' });
  });

  it('has the same id when it is given again, and comes back when taken off the list', async () => {
    const handle = await localFile('disk.qcow2', await sampleBytes('version-2'));
    const add = async () => client.call('library.addLocal', { handle, file: await handle.getFile() });
    const { id } = await add();
    expect((await add()).id).toBe(id);
    const { undoToken } = await client.call('library.delete', { id });
    expect(await names()).toEqual([]);
    restart();
    expect(await client.call('library.undoDelete', { undoToken })).toMatchObject({ id, name: 'disk.qcow2' });
    expect(await bytesOf(await handle.getFile())).toHaveLength((await handle.getFile()).size);
  });

  it('without a handle can be changed and downloaded, and says why it cannot be saved', async () => {
    const file = new File([await sampleBytes('version-2')], 'dropped.qcow2', { lastModified: 1_700_000_000_000 });
    const { id } = await client.call('library.addLocal', { handle: null, file });
    await client.call('image.write', { id, at: 0, bytes: new TextEncoder().encode('changed') });
    await expect(client.call('image.save', { id })).rejects.toMatchObject({ code: 'permission' });
    restart();
    expect(await names()).toEqual([]);
    expect((await client.call('library.addLocal', { handle: null, file })).unsavedChanges).toBeGreaterThan(0);
    const { bytes } = await client.call('image.guestBytes', { id, at: 0, length: 7 });
    expect(new TextDecoder().decode(bytes)).toBe('changed');
  });

  it('keeps its changes when saving fails', async () => {
    const original = await sampleBytes('version-2');
    const handle = await localFile('disk.qcow2', original);
    const { id } = await client.call('library.addLocal', { handle, file: await handle.getFile() });
    await client.call('image.write', { id, at: 0, bytes: Uint8Array.of(9) });
    const abort = new AbortController();
    const saving = client.call('image.save', { id }, { signal: abort.signal });
    // At once: so little is written that the end could come before an answer to the first progress.
    abort.abort();
    await expect(saving).rejects.toMatchObject({ code: 'cancelled' });
    expectBytes(await bytesOf(await handle.getFile()), new Uint8Array(original));
    expect((await client.call('image.guestBytes', { id, at: 0, length: 1 })).bytes).toEqual(Uint8Array.of(9));
    expect((await client.call('image.save', { id })).unsavedChanges).toBe(0);
  });
});
