import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SAMPLES, type ImageMethods } from '#protocol';
import type { Client } from '#rpc';
import { emptyStorage, startWorker } from './connect.ts';

describe('the worker', () => {
  let client: Client<ImageMethods>;
  let worker: Worker;
  beforeEach(async () => {
    await emptyStorage();
    ({ client, worker } = startWorker());
  });
  afterEach(() => {
    client.close();
    worker.terminate();
  });

  it('creates an image and lists it', async () => {
    expect(await client.call('library.list')).toEqual([]);
    const options = { size: 10 * 2 ** 30, lazyRefcounts: true };
    const entry = await client.call('library.create', { name: 'a.qcow2', options });
    expect(entry).toMatchObject({
      id: 'opfs:a.qcow2',
      name: 'a.qcow2',
      place: 'browser',
      fileSize: 196768,
      about: { kind: 'qcow2', state: 'clean', virtualSize: 10 * 2 ** 30, lazyRefcounts: true },
    });
    expect(await client.call('library.list')).toEqual([entry]);
  });

  it('refuses a second image of the same name and leaves the first', async () => {
    const create = (size: number) => client.call('library.create', { name: 'a.qcow2', options: { size } });
    const first = await create(2 ** 20);
    await expect(create(2 ** 30)).rejects.toMatchObject({ code: 'exists' });
    expect(await client.call('library.list')).toEqual([first]);
  });

  it('leaves nothing behind when an image cannot be created', async () => {
    const options = { size: 2 ** 20, clusterSize: 1000 };
    await expect(client.call('library.create', { name: 'a.qcow2', options })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
    expect(await client.call('library.list')).toEqual([]);
  });

  it('shows an overview', async () => {
    const { id } = await client.call('library.create', { name: 'a.qcow2', options: { size: 2 ** 30 } });
    const overview = await client.call('image.overview', { id });
    expect(overview.header.find(({ field }) => field === 'virtualSize')).toMatchObject({ at: 24, length: 8 });
    expect(overview.chain).toEqual([]);
  });

  it('makes every sample, and opens the backing chain that it gives', async () => {
    for (const sample of SAMPLES) await client.call('library.createSample', { sample });
    const entries = await client.call('library.list');
    expect(entries.map(({ name }) => name).sort()).toEqual(
      [...SAMPLES.map((sample) => `${sample}.qcow2`), 'backing-chain-base.qcow2'].sort(),
    );
    expect(entries.map(({ about }) => about.kind)).toEqual(entries.map(() => 'qcow2'));
    const id = 'opfs:backing-chain.qcow2';
    const { bytes } = await client.call('image.guestBytes', { id, at: 100 * 65536, length: 19 });
    expect(new TextDecoder().decode(bytes)).toBe('cluster 100, line 0');
    const { chain } = await client.call('image.overview', { id });
    expect(chain).toEqual([
      { name: 'backing-chain-base.qcow2', format: 'qcow2', granted: 'opfs:backing-chain-base.qcow2' },
    ]);
  });

  it('says so when its thread ends', async () => {
    await client.ready;
    const deaths: string[] = [];
    client.onDeath(({ code }) => deaths.push(code));
    const endless = client.call('library.list');
    worker.terminate();
    await expect(endless).rejects.toMatchObject({ code: 'worker-died' });
    expect(deaths).toEqual(['worker-died']);
  });
});
