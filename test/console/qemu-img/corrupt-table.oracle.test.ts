import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FolderHost, withoutTimes } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());

/** Where QEMU puts the first L1 entry of a new image. */
const L1_TABLE = 0x30000;

beforeEach(() => {
  host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'sound', '1M');
  host.real('qemu-io', '-c', 'write -q 0 200k', '-c', 'write -q -c 512k 64k', 'sound');
  const bytes = readFileSync(host.path('sound'));
  bytes.writeBigUInt64BE(0x8000000000030200n, L1_TABLE);
  writeFileSync(host.path('broken'), bytes);
});

describe('an L2 table that lies between two clusters', () => {
  it.each([
    ['map', 'broken'],
    ['dd', 'if=broken', 'of=new'],
    ['compare', 'broken', 'sound'],
    ['compare', 'sound', 'broken'],
    ['measure', '-O', 'qcow2', 'broken'],
    ['measure', '-O', 'raw', 'broken'],
    ['convert', '-O', 'raw', 'broken', 'new'],
    ['bench', '-c', '1', 'broken'],
    ['check', '--output=json', 'broken'],
  ])('is told by qemu-img %s %s %s', async (...args: string[]) => {
    expect(withoutTimes(await host.qemuImg(...args))).toEqual(withoutTimes(host.real('qemu-img', ...args)));
  });

  it.each(['alloc 0 64k', 'map', 'read 0 64k'])('is told by qemu-io: %s', async (command) => {
    const ours = withoutTimes(await host.qemuIo([command], '-r', 'broken'));
    expect(ours).toEqual(withoutTimes(host.real('qemu-io', '-r', '-c', command, 'broken')));
  });
});

describe('an overlay whose L2 table lies between two clusters', () => {
  beforeEach(() => {
    host.real('qemu-img', 'rebase', '-u', '-b', 'sound', '-F', 'qcow2', 'broken');
    copyFileSync(host.path('broken'), host.path('original'));
    host.real('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', 'sound', '-F', 'qcow2', 'over', '1M');
  });

  it.each([
    ['-b', ''],
    ['-b', 'sound', '-F', 'qcow2'],
  ])('is not rebased: %s %s', async (...args) => {
    const expected = host.real('qemu-img', 'rebase', ...args, 'broken');
    copyFileSync(host.path('original'), host.path('broken'));
    expect(await host.qemuImg('rebase', ...args, 'broken')).toEqual(expected);
    expect(expected.stderr).toContain('\nqemu-img: error while reading image metadata');
  });

  it('is no backing file that another could be rebased to', async () => {
    const args = ['rebase', '-b', 'broken', '-F', 'qcow2', 'over'];
    const expected = host.real('qemu-img', ...args);
    expect(await host.qemuImg(...args)).toEqual(expected);
    expect(expected.stderr).toContain('\nqemu-img: error while reading from new backing file\n');
  });

  // QEMU aborts: its job's end finds a backing file that may not be taken away.
  it.each([[], ['-p']])('is not committed %s', async (...args) => {
    const { stderr, code } = await host.qemuImg('commit', ...args, 'broken');
    expect(stderr).toBe(
      'qcow2: Marking image as corrupt: L2 table offset 0x30200 unaligned (L1 index: 0); further corruption events will be suppressed\n' +
        'qemu-img: Block job failed: Input/output error\n',
    );
    expect(code).toBe(1);
  });
});

describe('check', () => {
  it('prints the members of its JSON in the order of QEMU’s dictionaries', async () => {
    host.real('qemu-io', '-c', 'write -q 900k 64k', '-c', 'write -q 300k 64k', 'sound');
    const args = ['check', '--output=json', 'sound'];
    const ours = await host.qemuImg(...args);
    expect(ours).toEqual(host.real('qemu-img', ...args));
    expect(ours.stdout).toContain('compressed-clusters');
  });

  it('prints JSON although a refcount cannot be read', async () => {
    const bytes = readFileSync(host.path('sound'));
    bytes.writeBigUInt64BE(0x70200n, 0x10000);
    writeFileSync(host.path('sound'), bytes);
    const args = ['check', '--output=json', 'sound'];
    const ours = await host.qemuImg(...args);
    expect(ours).toEqual(host.real('qemu-img', ...args));
    expect(ours).toMatchObject({ code: 1 });
    expect(JSON.parse(ours.stdout)).toMatchObject({ format: 'qcow2' });
  });

  it('that is to repair warns of a guessed raw file', async () => {
    writeFileSync(host.path('raw'), new Uint8Array(4096));
    for (const args of [['-r', 'all', 'raw'], ['raw'], ['-r', 'all', '-f', 'raw', 'raw']]) {
      expect(await host.qemuImg('check', ...args)).toEqual(host.real('qemu-img', 'check', ...args));
    }
  });
});

it('gives no backing file to an image whose data file is the disk by itself', async () => {
  host.real('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', 'data_file=data,data_file_raw=on', 'outside', '1M');
  const args = ['rebase', '-u', '-b', 'sound', '-F', 'qcow2', 'outside'];
  const ours = await host.qemuImg(...args);
  expect(ours).toEqual(host.real('qemu-img', ...args));
  expect(ours.code).toBe(1);
});
