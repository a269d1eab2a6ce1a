import { afterAll, describe, expect, it } from 'vitest';
import { decodeHeader } from '#engine';
import { readFileSync } from 'node:fs';
import type { ConsoleRun } from '../capturing-host.ts';
import { FolderHost } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());

const SECRET = ['--object', 'secret,id=s,data=abc'];
const LUKS = 'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10';
const node = (name: string) => `driver=qcow2,encrypt.key-secret=s,file.filename=${name}`;

/** An image file without what is drawn by lot or measured: digest, salts, iterations, UUID, and the key of slot 0. */
function laidOut(name: string, keyBytes: number): Buffer {
  const bytes = readFileSync(host.path(name));
  const header = decodeHeader(bytes);
  // The first extension: type, length, offset of the LUKS header, its length.
  const luks = Number(bytes.readBigUInt64BE(header.headerLength + 8));
  expect(bytes.readUInt32BE(header.headerLength)).toBe(0x0537be77);
  expect(bytes.toString('latin1', luks, luks + 4)).toBe('LUKS');
  for (const [at, length] of [
    [112, 20 + 32 + 4 + 40],
    [212, 4 + 32],
    [4096, keyBytes * 4000],
  ] as const) {
    bytes.fill(0, luks + at, luks + at + length);
  }
  return bytes;
}

async function createBoth(options: string): Promise<void> {
  const args = [...SECRET, '-f', 'qcow2', '-o', options];
  const made = host.real('qemu-img', 'create', ...args, 'theirs', '3000k');
  const ours = await host.qemuImg('create', ...args, 'ours', '3000k');
  expect(ours).toEqual({ ...made, stdout: made.stdout.replace("'theirs'", "'ours'") });
}

describe('a new encrypted image is laid out as by the real program', () => {
  const cbc = 'encrypt.cipher-mode=cbc,encrypt.ivgen-alg=essiv,encrypt.ivgen-hash-alg=sha256,encrypt.hash-alg=sha512';
  it.each([
    ['2 MiB clusters, lazy refcounts, zstd', `${LUKS},cluster_size=2M,lazy_refcounts=on,compression_type=zstd`, 64],
    ['refcounts of 1 bit, a shorter key', `${LUKS},refcount_bits=1,cluster_size=1k,encrypt.cipher-alg=aes-128`, 32],
    ['metadata preallocated', `${LUKS},preallocation=metadata`, 64],
    ['fully preallocated, another mode and hash', `${LUKS},preallocation=full,cluster_size=4k,${cbc}`, 32],
  ])('%s', async (_, options, keyBytes) => {
    await createBoth(options);
    expect(laidOut('ours', keyBytes).equals(laidOut('theirs', keyBytes)), 'the same bytes').toBe(true);
    expect(host.real('qemu-img', 'check', ...SECRET, '--image-opts', node('ours'))).toMatchObject({
      stderr: '',
      code: 0,
    });
  });
});

describe('an encrypted image is created, and written and read by the other programs', () => {
  const writes = ['write -q -P 1 0 100k', 'write -q -P 2 1234567 54321', 'write -q -z 2000k 100k'];
  const reads = ['read -P 1 0 100k', 'read -P 0 100k 1132167', 'read -P 2 1234567 54321', 'read -P 0 2000k 1000k'];
  it.each([
    ['64 KiB clusters', LUKS],
    ['512-byte clusters, refcounts of 64 bits', `${LUKS},cluster_size=512,refcount_bits=64`],
    ['version 2', `${LUKS},compat=0.10,cluster_size=4k`],
    ['extended L2 entries', `${LUKS},extended_l2=on,cluster_size=16k`],
  ])('%s', async (_, options) => {
    await createBoth(options);
    expect(laidOut('ours', 64).equals(laidOut('theirs', 64)), 'the same bytes').toBe(true);
    expect(await host.qemuIo(writes, ...SECRET, '--image-opts', node('theirs'))).toEqual(QUIET);
    expect(realIo(writes, 'ours')).toEqual(QUIET);
    expect(realIo(reads, 'theirs').stdout).not.toContain('failed');
    expect((await host.qemuIo(reads, ...SECRET, '--image-opts', node('ours'))).stdout).not.toContain('failed');
    for (const name of ['ours', 'theirs']) {
      const check = host.real('qemu-img', 'check', ...SECRET, '--image-opts', node(name));
      expect(check).toMatchObject({ stderr: '', code: 0 });
      expect(await host.qemuImg('check', ...SECRET, '--image-opts', node(name))).toEqual(check);
    }
    const compared = host.real('qemu-img', 'compare', ...SECRET, '--image-opts', node('ours'), node('theirs'));
    expect(compared).toEqual({ stdout: 'Images are identical.\n', stderr: '', code: 0 });
  });
});

const QUIET: ConsoleRun = { stdout: '', stderr: '', code: 0 };

function realIo(commands: readonly string[], name: string): ConsoleRun {
  return host.real('qemu-io', ...commands.flatMap((command) => ['-c', command]), ...SECRET, '--image-opts', node(name));
}
