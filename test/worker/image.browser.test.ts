import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  FIRST_SCENARIO,
  type ConsoleMethods,
  type ImageId,
  type ImageMethods,
  type LabMethods,
  type SampleName,
} from '#protocol';
import { connectToWorker, createClient, type Client } from '#rpc';
import { expectBytes } from '../engine/storage/contract-cases.ts';
import { emptyStorage, startStorageWorker, startWorker } from './connect.ts';

const CLUSTER = 65536;

let client: Client<ImageMethods>;
const workers: Worker[] = [];
function start(): Client<ImageMethods> {
  const started = startWorker();
  workers.push(started.worker);
  return started.client;
}
beforeEach(async () => {
  await emptyStorage();
  client = start();
});
afterEach(() => {
  for (const worker of workers.splice(0)) worker.terminate();
});

async function sample(name: SampleName): Promise<ImageId> {
  return (await client.call('library.createSample', { sample: name })).id;
}

async function guestText(id: ImageId, cluster: number): Promise<string> {
  const { bytes } = await client.call('image.guestBytes', { id, at: cluster * CLUSTER, length: 64 });
  return new TextDecoder().decode(bytes).split(':')[0]!;
}

async function hostBytes(id: ImageId): Promise<Uint8Array> {
  return new Uint8Array(await (await client.call('library.download', { id })).arrayBuffer());
}

/** Starts the crash lab from an image of the library. */
function runLab(imageId: ImageId) {
  const lab = createClient<LabMethods>(connectToWorker(workers.at(-1)!));
  return lab.call('lab.run', { scenario: FIRST_SCENARIO, imageId });
}

describe('looking at an image', () => {
  it('says of each sample what is wrong with it', async () => {
    const levels: Partial<Record<SampleName, string>> = {};
    for (const name of ['version-2', 'compressed', 'with-snapshots', 'leaked-clusters', 'cross-linked'] as const) {
      levels[name] = (await client.call('image.check', { id: await sample(name) })).verdict.level;
    }
    levels['dirty-after-crash'] = (
      await client.call('image.check', { id: await sample('dirty-after-crash') })
    ).verdict.level;
    expect(levels).toEqual({
      'version-2': 'sound',
      compressed: 'sound',
      'with-snapshots': 'sound',
      'leaked-clusters': 'leaks',
      'cross-linked': 'damaged',
      'dirty-after-crash': 'needs-repair',
    });
  });

  it('maps the host clusters and says who points to one', async () => {
    const id = await sample('leaked-clusters');
    const map = await client.call('image.map', { id });
    expect(map.use.length).toBe(map.clusterCount);
    expect(map.health.filter((health) => health === 1).length).toBe(3);
    const detail = await client.call('image.cluster', { id, index: 0 });
    expect(detail).toMatchObject({ use: 'header', health: 'sound', refcount: 1 });
  });

  it('shows bytes with labels, the structure, and the guest’s disk', async () => {
    const id = await sample('with-snapshots');
    const { bytes, annotations } = await client.call('image.bytes', { id, at: 0, length: 512 });
    expect([...bytes.subarray(0, 4)]).toEqual([0x51, 0x46, 0x49, 0xfb]);
    expect(annotations.find(({ label }) => label.includes('virtualSize'))).toMatchObject({ at: 24, length: 8 });
    const roots = await client.call('image.structure', { id, path: '', from: 0, count: 100 });
    expect(roots.length).toBeGreaterThan(3);
    const { use, virtualSize } = await client.call('image.guestMap', { id, buckets: 2048 });
    expect(virtualSize).toBe(128 * 2 ** 20);
    expect(use.slice(0, 9)).toEqual(Uint8Array.of(2, 2, 2, 2, 2, 2, 2, 2, 0));
    expect(await client.call('image.translate', { id, guestOffset: 9 * CLUSTER })).toMatchObject({ hostOffset: null });
    const { info } = await client.call('image.overview', { id });
    expect(info).toContain('Snapshot list:');
  });

  it('says why a file cannot be opened, which bytes are in the way, and shows those', async () => {
    const id = await sample('version-2');
    expect(await client.call('image.refusal', { id })).toBeNull();
    const bytes = await hostBytes(id);
    bytes[47] = 1;
    const file = new File([bytes.slice()], 'broken.qcow2');
    const { id: broken } = await client.call('library.import', { file, name: 'broken.qcow2' });
    await expect(client.call('image.overview', { id: broken })).rejects.toMatchObject({ code: 'invalid-image' });
    const refusal = await client.call('image.refusal', { id: broken });
    expect(refusal).toMatchObject({
      problem: { code: 'invalid-image', message: 'Active L1 table offset invalid' },
      places: [{ at: 40, length: 8 }],
      clusterSize: CLUSTER,
      info: "qemu-img: Could not open 'broken.qcow2': Active L1 table offset invalid\n",
    });
    expect(refusal!.header.find(({ field }) => field === 'l1TableOffset')?.value).toBe('0x30001');
    const { annotations } = await client.call('image.bytes', { id: broken, at: 40, length: 8 });
    expect(annotations[0]?.label).toBe('l1TableOffset');
    expect((await client.call('image.structure', { id: broken, path: '', from: 0, count: 9 }))[0]?.label).toBe(
      'Header',
    );
  });

  it('says of a file that is no image what it begins with', async () => {
    const file = new File(['MZ'], 'setup.exe');
    const { id } = await client.call('library.import', { file, name: 'setup.exe' });
    const refusal = await client.call('image.refusal', { id });
    expect(refusal).toMatchObject({ problem: { code: 'not-qcow2' }, clusterSize: null, features: [], extensions: [] });
    expect(refusal!.problem.firstBytes).toEqual(Uint8Array.of(0x4d, 0x5a));
  });

  it('reads past no end', async () => {
    const id = await sample('version-2');
    const { fileSize } = await client.call('image.overview', { id });
    expect((await client.call('image.bytes', { id, at: fileSize - 10, length: 100 })).bytes.length).toBe(10);
    expect((await client.call('image.bytes', { id, at: fileSize + 10, length: 100 })).bytes.length).toBe(0);
    const end = { id, at: 64 * 2 ** 20 - 5, length: 100 };
    expect((await client.call('image.guestBytes', end)).bytes.length).toBe(5);
  });

  it('does not touch the file, not even a dirty one', async () => {
    const id = await sample('dirty-after-crash');
    const before = await hostBytes(id);
    await client.call('image.overview', { id });
    await client.call('image.check', { id });
    await client.call('image.map', { id });
    await client.call('image.planRepair', { id, mode: 'all' });
    expect(await guestText(id, 93)).toBe('cluster 93, line 0');
    expectBytes(await hostBytes(id), before);
  });

  it('opens no backing file that was not given', async () => {
    const id = await sample('backing-chain');
    await client.call('library.rename', { id: 'opfs:backing-chain-base.qcow2', name: 'renamed.qcow2' });
    expect(await guestText(id, 100)).toBe('cluster 100, line 0');
    const copy = await client.call('library.download', { id });
    const { id: stranger } = await client.call('library.import', { file: copy, name: 'stranger.qcow2' });
    await expect(guestText(stranger, 100)).rejects.toMatchObject({ code: 'backing' });
    const grant = { id: stranger, linkIndex: 0, backing: 'opfs:renamed.qcow2' };
    const { chain } = await client.call('image.grantBacking', grant);
    expect(chain).toEqual([{ name: 'backing-chain-base.qcow2', format: 'qcow2', granted: 'opfs:renamed.qcow2' }]);
    expect(await guestText(stranger, 100)).toBe('cluster 100, line 0');
    await expect(client.call('image.grantBacking', { ...grant, backing: stranger })).rejects.toMatchObject({
      code: 'backing',
    });
  });
});

describe('the backing file of an image', () => {
  it('is not replaced by another image that takes its name, and is found again when it comes back', async () => {
    const id = await sample('backing-chain');
    const { undoToken } = await client.call('library.delete', { id: 'opfs:backing-chain-base.qcow2' });
    const options = { size: 64 * 2 ** 20 };
    await client.call('library.create', { name: 'backing-chain-base.qcow2', options });
    await expect(guestText(id, 100)).rejects.toMatchObject({ code: 'backing' });
    const back = await client.call('library.undoDelete', { undoToken });
    expect(back.name).toBe('backing-chain-base 2.qcow2');
    expect(await guestText(id, 100)).toBe('cluster 100, line 0');
  });

  it('does not hide the image when it cannot be read itself', async () => {
    const id = await sample('backing-chain');
    const file = new File(['no image'], 'broken.qcow2');
    const { id: broken } = await client.call('library.import', { file, name: 'broken.qcow2' });
    const { chain } = await client.call('image.grantBacking', { id, linkIndex: 0, backing: broken });
    expect(chain.map(({ granted }) => granted)).toEqual([broken]);
    await expect(guestText(id, 100)).rejects.toMatchObject({ code: 'not-qcow2' });
    expect((await client.call('image.check', { id })).verdict.level).toBe('sound');
  });

  it('is given when the image is created, and never the image itself', async () => {
    const base = await sample('version-2');
    const options = { size: 64 * 2 ** 20, backingFile: 'version-2.qcow2', backingFormat: 'qcow2' };
    const { id } = await client.call('library.create', { name: 'top.qcow2', options, backing: base });
    expect(await guestText(id, 40)).toBe('cluster 40, line 0');
    const self = { name: 'self.qcow2', options: { ...options, backingFile: 'self.qcow2' }, backing: 'opfs:self.qcow2' };
    await client.call('library.create', self);
    await expect(
      client.call('image.write', { id: 'opfs:self.qcow2', at: 0, bytes: Uint8Array.of(1) }),
    ).rejects.toMatchObject({ code: 'backing' });
  });
});

describe('changing an image', () => {
  it('refuses to write to a dirty image before its repair was applied', async () => {
    const id = await sample('dirty-after-crash');
    const before = await hostBytes(id);
    const write = () => client.call('image.write', { id, at: 0, bytes: Uint8Array.of(1, 2, 3) });
    await expect(write()).rejects.toMatchObject({ code: 'needs-repair' });
    expectBytes(await hostBytes(id), before);
    const { planId } = await client.call('image.planRepair', { id, mode: 'all' });
    const { before: found, after } = await client.call('image.applyRepair', { planId, stepCount: null });
    expect([found.exitCode, after.exitCode]).toEqual([2, 0]);
    expect(after.verdict.level).toBe('sound');
    expect((await write()).summary.state).toBe('clean');
    const { bytes } = await client.call('image.guestBytes', { id, at: 0, length: 3 });
    expect(bytes).toEqual(Uint8Array.of(1, 2, 3));
    expect((await client.call('image.check', { id })).verdict.level).toBe('sound');
  });

  it('repairs step by step, and takes it all back', async () => {
    const id = await sample('dirty-after-crash');
    const before = await hostBytes(id);
    const { planId, steps } = await client.call('image.planRepair', { id, mode: 'all' });
    expect(steps.length).toBeGreaterThan(1);
    for (let stepCount = 1; stepCount <= steps.length; stepCount++) {
      const result = await client.call('image.applyRepair', { planId, stepCount });
      expect(result.before.exitCode).toBe(2);
      expect(result.mapBefore.clusterCount).toBeGreaterThan(0);
      if (stepCount === steps.length) expect(result.after.verdict.level).toBe('sound');
    }
    expect(await guestText(id, 93)).toBe('cluster 93, line 0');
    const undone = await client.call('image.undoRepair', { planId });
    expect(undone.exitCode).toBe(2);
    expectBytes(await hostBytes(id), before);
  });

  it('knows no plan any more once the image was written', async () => {
    const id = await sample('leaked-clusters');
    const { planId } = await client.call('image.planRepair', { id, mode: 'leaks' });
    await client.call('image.write', { id, at: 0, bytes: Uint8Array.of(1) });
    await expect(client.call('image.applyRepair', { planId, stepCount: null })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  it('writes over a backing file and leaves that as it is', async () => {
    const id = await sample('backing-chain');
    const base = await hostBytes('opfs:backing-chain-base.qcow2');
    await client.call('image.write', { id, at: 100 * CLUSTER, bytes: new TextEncoder().encode('new here:') });
    expect(await guestText(id, 100)).toBe('new here');
    expectBytes(await hostBytes('opfs:backing-chain-base.qcow2'), base);
    expect((await client.call('image.check', { id })).verdict.level).toBe('sound');
  });

  it('is locked out while another tab has the image, and says so', async () => {
    const id = await sample('version-2');
    const { worker, client: other } = startStorageWorker();
    workers.push(worker);
    await other.call('hold', { name: 'images/version-2.qcow2', mode: 'write', blob: null });
    await expect(client.call('image.check', { id })).rejects.toMatchObject({ code: 'locked' });
    await expect(client.call('image.write', { id, at: 0, bytes: Uint8Array.of(1) })).rejects.toMatchObject({
      code: 'locked',
    });
    expect((await client.call('library.list')).length).toBe(1);
    await other.call('release');
    await client.call('image.write', { id, at: 0, bytes: Uint8Array.of(1) });
  });

  it('serves two tabs at once', async () => {
    const other = start();
    const id = await sample('compressed');
    const checks = [client, other, client, other].map((tab) => tab.call('image.check', { id }));
    expect((await Promise.all(checks)).map(({ verdict }) => verdict.level)).toEqual(Array(4).fill('sound'));
  });
});

describe('an encrypted image', () => {
  const PASSPHRASE = 'open sesame';

  /** @param iterTime how long deriving its key takes, in ms */
  async function encrypted(format: 'luks' | 'aes', iterTime = 10): Promise<ImageId> {
    const console = createClient<ConsoleMethods>(connectToWorker(workers.at(-1)!));
    const slowness = format === 'luks' ? `,encrypt.iter-time=${iterTime}` : '';
    const create = `qemu-img create -q -f qcow2 --object secret,id=s,data='${PASSPHRASE}' -o encrypt.format=${format},encrypt.key-secret=s${slowness} e.qcow2 4M`;
    const write = `qemu-io --object secret,id=s,data='${PASSPHRASE}' --image-opts driver=qcow2,encrypt.key-secret=s,file.filename=e.qcow2 -c 'write -P 0x41 0 64k'`;
    for (const line of [create, write]) {
      expect(await console.call('console.run', { run: line, line })).toMatchObject({ exitCode: 0 });
    }
    return 'opfs:e.qcow2';
  }

  it.each(['luks', 'aes'] as const)('%s is looked at without its passphrase, but for its data', async (format) => {
    const id = await encrypted(format);
    const overview = await client.call('image.overview', { id });
    expect(overview).toMatchObject({ isUnlocked: false, summary: { encryption: format } });
    expect((await client.call('image.check', { id })).verdict.level).toBe('sound');
    expect((await client.call('image.guestMap', { id, buckets: 64 })).use.slice(0, 2)).toEqual(Uint8Array.of(2, 0));
    expect(await client.call('image.translate', { id, guestOffset: 0 })).toMatchObject({ kind: 'data' });
    const part = { id, at: 0, length: 16 };
    await expect(client.call('image.guestBytes', part)).rejects.toMatchObject({ code: 'passphrase' });
    const before = await hostBytes(id);
    const write = { id, at: 0, bytes: new Uint8Array(16) };
    await expect(client.call('image.write', write)).rejects.toMatchObject({ code: 'passphrase' });
    expectBytes(await hostBytes(id), before);
  });

  it.each(['luks', 'aes'] as const)('%s is read and written with its passphrase', async (format) => {
    const id = await encrypted(format);
    expect(await client.call('image.unlock', { id, passphrase: PASSPHRASE })).toMatchObject({ isUnlocked: true });
    const { bytes, extents } = await client.call('image.guestBytes', { id, at: 65530, length: 12 });
    expect(bytes).toEqual(Uint8Array.of(...new Uint8Array(6).fill(0x41), ...new Uint8Array(6)));
    expect(extents).toMatchObject([
      { at: 65530, length: 6, use: 'data' },
      { at: 65536, length: 6, use: 'unallocated', hostOffset: null },
    ]);
    await client.call('image.write', { id, at: 100, bytes: new TextEncoder().encode('written here') });
    expect((await client.call('image.guestBytes', { id, at: 99, length: 4 })).bytes).toEqual(
      new TextEncoder().encode('Awri'),
    );
    expect(new TextDecoder('latin1').decode(await hostBytes(id))).not.toContain('written here');
    expect(await client.call('image.lock', { id })).toMatchObject({ isUnlocked: false });
    await expect(client.call('image.guestBytes', { id, at: 0, length: 1 })).rejects.toMatchObject({
      code: 'passphrase',
    });
  });

  it('says that a passphrase is wrong, and stays locked', async () => {
    const id = await encrypted('luks');
    await expect(client.call('image.unlock', { id, passphrase: 'sesame' })).rejects.toMatchObject({
      code: 'passphrase',
      message: 'Invalid password, cannot unlock any keyslot',
    });
    expect(await client.call('image.overview', { id })).toMatchObject({ isUnlocked: false });
  });

  it('shows how far the key is, and can be left alone', async () => {
    const id = await encrypted('luks', 1000);
    const controller = new AbortController();
    const unlocking = client.call(
      'image.unlock',
      { id, passphrase: PASSPHRASE },
      {
        signal: controller.signal,
        onProgress: ({ phase, total }) => {
          expect(phase).toBe('unlock');
          expect(total).toBeGreaterThan(1000);
          controller.abort();
        },
      },
    );
    await expect(unlocking).rejects.toMatchObject({ code: 'cancelled' });
    expect(await client.call('image.overview', { id })).toMatchObject({ isUnlocked: false });
  });

  it('is named by those above it when it was not unlocked, a local file too', async () => {
    const encryptedFile = await client.call('library.download', { id: await encrypted('luks') });
    const { id: backing } = await client.call('library.addLocal', { file: encryptedFile, handle: null });
    const console = createClient<ConsoleMethods>(connectToWorker(workers.at(-1)!));
    const line = 'qemu-img create -q -u -f qcow2 -b e.qcow2 -F qcow2 top.qcow2 4M';
    expect(await console.call('console.run', { run: line, line })).toMatchObject({ exitCode: 0 });
    const id = 'opfs:top.qcow2';
    await client.call('image.grantBacking', { id, linkIndex: 0, backing });
    await expect(client.call('image.guestBytes', { id, at: 0, length: 16 })).rejects.toMatchObject({
      code: 'passphrase',
      message: expect.stringContaining("'e.qcow2'"),
    });
  });

  it('is refused by the crash lab, unlocked or not', async () => {
    const id = await encrypted('luks');
    await client.call('image.unlock', { id, passphrase: PASSPHRASE });
    await expect(runLab(id)).rejects.toMatchObject({
      code: 'unsupported',
      message: 'The crash lab takes no encrypted images.',
    });
  });

  it('asks again when another image has taken its place', async () => {
    const id = await encrypted('luks');
    await client.call('image.unlock', { id, passphrase: PASSPHRASE });
    await client.call('library.delete', { id });
    await encrypted('luks');
    expect(await client.call('image.overview', { id })).toMatchObject({ isUnlocked: false });
  });
});

describe('an image with an external data file', () => {
  /** Makes both files in the console, with 64 KiB of data. */
  async function withDataFile(name: string, isRaw: 'on' | 'off' = 'off'): Promise<ImageId> {
    const console = createClient<ConsoleMethods>(connectToWorker(workers.at(-1)!));
    const create = `qemu-img create -q -f qcow2 -o data_file=${name},data_file_raw=${isRaw} d.qcow2 4M`;
    for (const line of [create, "qemu-io -c 'write -P 0x41 64k 64k' d.qcow2"]) {
      expect(await console.call('console.run', { run: line, line })).toMatchObject({ exitCode: 0 });
    }
    return 'opfs:d.qcow2';
  }

  it('is read and written with the file of that name in the library', async () => {
    const id = await withDataFile('d.raw', 'on');
    expect(await client.call('image.overview', { id })).toMatchObject({
      dataFile: { name: 'd.raw', isRaw: true, file: { id: 'opfs:d.raw', name: 'd.raw' } },
    });
    await client.call('image.write', { id, at: 5, bytes: new TextEncoder().encode('hello') });
    const { bytes } = await client.call('image.guestBytes', { id, at: 0, length: 70_000 });
    expectBytes((await hostBytes('opfs:d.raw')).subarray(0, 70_000), bytes);
    expect(new TextDecoder().decode(bytes.subarray(5, 10))).toBe('hello');
    expect(bytes[65536]).toBe(0x41);
  });

  it('says which file it needs, and takes one that is given', async () => {
    const id = await withDataFile('d.raw');
    await client.call('library.rename', { id: 'opfs:d.raw', name: 'moved.raw' });
    expect(await client.call('image.overview', { id })).toMatchObject({ dataFile: { name: 'd.raw', file: null } });
    expect((await client.call('image.check', { id })).verdict.level).toBe('sound');
    expect((await client.call('image.guestMap', { id, buckets: 64 })).use.slice(0, 3)).toEqual(Uint8Array.of(0, 2, 0));
    expect(await client.call('image.translate', { id, guestOffset: 65536 })).toMatchObject({ kind: 'data' });
    const part = { id, at: 65536, length: 1 };
    await expect(client.call('image.guestBytes', part)).rejects.toMatchObject({
      code: 'data-file',
      message: expect.stringContaining('d.raw'),
    });
    await client.call('image.grantDataFile', { id, dataFile: 'opfs:moved.raw' });
    expect((await client.call('image.guestBytes', part)).bytes).toEqual(Uint8Array.of(0x41));
    await client.call('library.rename', { id: 'opfs:moved.raw', name: 'again.raw' });
    expect((await client.call('image.guestBytes', part)).bytes).toEqual(Uint8Array.of(0x41));
    // The console opens it too.
    const console = createClient<ConsoleMethods>(connectToWorker(workers.at(-1)!));
    const line = "qemu-io -r -c 'read -P 0x41 64k 64k' d.qcow2";
    expect(await console.call('console.run', { run: line, line })).toMatchObject({ exitCode: 0 });
  });

  it('is refused by the crash lab', async () => {
    await expect(runLab(await withDataFile('d.raw'))).rejects.toMatchObject({
      code: 'unsupported',
      message: 'The crash lab takes no images with an external data file.',
    });
  });

  it('is not its own data file', async () => {
    const id = await withDataFile('d.raw');
    await expect(client.call('image.grantDataFile', { id, dataFile: id })).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });
});
