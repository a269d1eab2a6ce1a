import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '#rpc';
import { pattern, STORAGE_CONTRACT } from '../../engine/storage/contract-cases.ts';
import { emptyStorage, startStorageWorker } from '../connect.ts';
import type { StorageMethods } from './storage-methods.ts';

const workers: Worker[] = [];
function start(): Client<StorageMethods> {
  const started = startStorageWorker();
  workers.push(started.worker);
  return started.client;
}

async function writeFile(name: string, bytes: Uint8Array<ArrayBuffer>): Promise<FileSystemFileHandle> {
  const handle = await (await navigator.storage.getDirectory()).getFileHandle(name, { create: true });
  const writable = await handle.createWritable();
  await writable.write(bytes);
  await writable.close();
  return handle;
}

let client: Client<StorageMethods>;
afterEach(() => {
  for (const worker of workers.splice(0)) worker.terminate();
});

describe.each(['opfs', 'overlay'] as const)('%s as a storage', (kind) => {
  let contract: { worker: Worker; client: Client<StorageMethods> };
  beforeAll(() => {
    contract = startStorageWorker();
  });
  afterAll(() => contract.worker.terminate());
  beforeEach(emptyStorage);

  it.each(Object.keys(STORAGE_CONTRACT))('%s', (name) => contract.client.call('contract', { kind, name }));
});

describe('a file of the browser’s storage', () => {
  beforeEach(async () => {
    await emptyStorage();
    client = start();
  });

  it('is locked for a writer while another one has it, and free when that one is gone', async () => {
    await client.call('hold', { name: 'a', mode: 'write', blob: null });
    const other = start();
    const open = () => other.call('hold', { name: 'a', mode: 'write', blob: null });
    await expect(open()).rejects.toMatchObject({ code: 'locked', message: expect.stringContaining('Another tab') });
    await client.call('release');
    expect(await open()).toBe(0);
  });

  it('has any number of readers, and no writer beside them', async () => {
    await writeFile('a', pattern(100));
    const other = start();
    expect(await client.call('hold', { name: 'a', mode: 'read', blob: null })).toBe(100);
    expect(await other.call('hold', { name: 'a', mode: 'read', blob: null })).toBe(100);
    expect(await other.call('read', { at: 10, length: 5 })).toEqual(pattern(100).slice(10, 15));
    await expect(other.call('write', { at: 0, bytes: pattern(1) })).rejects.toMatchObject({ code: 'read-only' });
    const third = start();
    await expect(third.call('hold', { name: 'a', mode: 'write', blob: null })).rejects.toMatchObject({
      code: 'locked',
    });
  });

  it('takes offsets beyond 4 GiB', async () => {
    await client.call('hold', { name: 'a', mode: 'write', blob: null });
    const size = 5 * 2 ** 30;
    expect(await client.call('truncate', { size })).toBe(size);
    await client.call('write', { at: size - 100, bytes: pattern(10) });
    expect(await client.call('read', { at: size - 100, length: 11 })).toEqual(Uint8Array.of(...pattern(10), 0));
    expect(await client.call('read', { at: 2 ** 32, length: 1 })).toEqual(new Uint8Array(1));
  });

  it('says that there is no room when the quota ends, and keeps its size and bytes', async () => {
    await client.call('hold', { name: 'a', mode: 'write', blob: null });
    await client.call('write', { at: 0, bytes: pattern(1000) });
    // More than any disk here: the browser refuses it, or does nothing and says nothing.
    const size = 2 ** 52;
    await expect(client.call('truncate', { size })).rejects.toMatchObject({
      code: 'quota',
      message: expect.stringContaining('storage for this page is full'),
    });
    expect(await client.call('write', { at: 1000, bytes: pattern(1) })).toBe(1001);
    expect(await client.call('read', { at: 0, length: 1000 })).toEqual(pattern(1000));
  });

  it('turns a small discard into zeros and leaves a large one alone', async () => {
    await client.call('hold', { name: 'a', mode: 'write', blob: null });
    await client.call('write', { at: 0, bytes: pattern(3 * 2 ** 20) });
    await client.call('discard', { at: 100, length: 50 });
    expect(await client.call('read', { at: 99, length: 3 })).toEqual(Uint8Array.of(pattern(100)[99]!, 0, 0));
    await client.call('discard', { at: 0, length: 3 * 2 ** 20 });
    expect(await client.call('read', { at: 0, length: 1 })).toEqual(pattern(1));
  });
});

describe('a blob', () => {
  beforeEach(async () => {
    await emptyStorage();
    client = start();
  });

  it('is read in parts, and past its end as zeros', async () => {
    const bytes = pattern(5 * 2 ** 20);
    await client.call('hold', { name: '', mode: 'read', blob: new Blob([bytes]) });
    expect(await client.call('read', { at: 131_000, length: 200 })).toEqual(bytes.slice(131_000, 131_200));
    expect(await client.call('read', { at: bytes.length - 1, length: 2 })).toEqual(Uint8Array.of(bytes.at(-1)!, 0));
    await expect(client.call('write', { at: 0, bytes: pattern(1) })).rejects.toMatchObject({ code: 'read-only' });
  });

  it.each(['a file', 'memory'])('gives what it was told of, out of %s', async (kind) => {
    const bytes = pattern(9 * 2 ** 20 + 5000);
    const blob = kind === 'a file' ? await (await writeFile('a', bytes)).getFile() : new Blob([bytes]);
    await client.call('hold', { name: '', mode: 'read', blob });
    const ranges = Array.from({ length: 60 }, (_, index) => ({ at: ((index * 37) % 145) * 65_500, length: 3000 }));
    await client.call('willRead', { ranges });
    for (const { at, length } of ranges) {
      const expected = new Uint8Array(length);
      expected.set(bytes.subarray(at, at + length));
      expect(await client.call('read', { at, length })).toEqual(expected);
    }
  });

  it('is stale once its file has changed, where it was told what will be read too', async () => {
    const handle = await writeFile('a', pattern(10 * 65536));
    await client.call('hold', { name: '', mode: 'read', blob: await handle.getFile() });
    await client.call('willRead', { ranges: [0, 5 * 65536].map((at) => ({ at, length: 10 })) });
    await writeFile('a', pattern(999));
    await expect(client.call('read', { at: 0, length: 10 })).rejects.toMatchObject({ code: 'stale' });
  });

  it('is stale once its file has changed', async () => {
    const handle = await writeFile('a', pattern(1000));
    const file = await handle.getFile();
    await client.call('hold', { name: '', mode: 'read', blob: file });
    await writeFile('a', pattern(999));
    await expect(client.call('read', { at: 0, length: 10 })).rejects.toMatchObject({
      code: 'stale',
      message: 'The file was changed on disk after it was opened here.',
    });
  });

  it('is not found once its file is gone', async () => {
    const handle = await writeFile('a', pattern(1000));
    await client.call('hold', { name: '', mode: 'read', blob: await handle.getFile() });
    await (await navigator.storage.getDirectory()).removeEntry('a');
    await expect(client.call('read', { at: 0, length: 10 })).rejects.toMatchObject({ code: 'not-found' });
  });
});
