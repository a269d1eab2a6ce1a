import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { infoText } from '../../../src/engine/describe/info-text.ts';
import { MemoryStorage } from '../../../src/engine/storage/memory.ts';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

function expectSameInfo(file: string): void {
  const { stdout, code, stderr } = qemuImg('info', file);
  expect([code, stderr]).toEqual([0, '']);
  const diskSize = statSync(file).blocks * 512;
  expect(infoText(MemoryStorage.from(readFileSync(file)), { fileName: file, diskSize })).toBe(stdout);
}

describe('infoText says what qemu-img info says', () => {
  it.each([
    ['', '64M'],
    ['', '0'],
    ['', '1000'],
    ['', '3G'],
    ['', '1023M'],
    ['cluster_size=2M', '1023.9T'],
    ['compat=0.10', '10M'],
    ['cluster_size=512,refcount_bits=1', '10M'],
    ['lazy_refcounts=on,compression_type=zstd,extended_l2=on', '10M'],
    ['data_file=data.raw', '1M'],
    ['data_file=data.raw,data_file_raw=on', '1M'],
  ])('of a new image with %j and size %s', (options, size) => {
    expectSameInfo(scratch.create('new.qcow2', size, options.replaceAll('data.raw', scratch.path('data.raw'))));
  });

  it('of an overlay with a relative, an absolute and a protocol backing file', () => {
    scratch.create('base.qcow2', '1M');
    expectSameInfo(scratch.create('relative.qcow2', '1M', '', '-b', 'base.qcow2', '-F', 'qcow2'));
    expectSameInfo(scratch.create('absolute.qcow2', '1M', '', '-b', scratch.path('base.qcow2'), '-F', 'qcow2'));
    expectSameInfo(scratch.create('protocol.qcow2', '1M', '', '-u', '-b', 'nbd://host/disk', '-F', 'raw'));
    expectSameInfo(scratch.create('old.qcow2', '1M', 'compat=0.10', '-u', '-b', 'gone', '-F', 'raw'));
  });

  it('of an image with snapshots', () => {
    const file = scratch.create('snapshots.qcow2', '64M');
    for (const name of ['s1', 'a name that is longer than its column', 'ünï']) qemuImg('snapshot', '-c', name, file);
    expectSameInfo(file);
  });

  it('of a snapshot with a count of instructions beyond 2^63', () => {
    const file = scratch.create('icount.qcow2', '64M');
    qemuImg('snapshot', '-c', 's1', file);
    const bytes = readFileSync(file);
    bytes.writeBigUInt64BE(2n ** 63n + 5n, Number(bytes.readBigUInt64BE(64)) + 40 + 16);
    writeFileSync(file, bytes);
    expectSameInfo(file);
  });

  it('of an image with bitmaps, enabled, disabled and in use', () => {
    const file = scratch.create('bitmaps.qcow2', '64M');
    qemuImg('bitmap', '--add', file, 'recording');
    qemuImg('bitmap', '--add', '--disable', '-g', '4k', file, 'stopped');
    expectSameInfo(file);
    qemuIo(file, ['write 0 64k', 'abort']);
    expectSameInfo(file);
  });

  it('of a dirty image and a corrupt one', () => {
    const file = scratch.create('dirty.qcow2', '64M', 'lazy_refcounts=on');
    qemuIo(file, ['write 0 64k', 'abort']);
    expectSameInfo(file);
    const corrupt = scratch.path('corrupt.qcow2');
    copyFileSync(file, corrupt);
    const bytes = readFileSync(corrupt);
    bytes[79] = 2;
    writeFileSync(corrupt, bytes);
    expectSameInfo(corrupt);
  });

  it.each([
    ['encrypt.format=luks', '1M'],
    ['encrypt.format=luks,encrypt.cipher-mode=cbc,encrypt.ivgen-alg=essiv,encrypt.ivgen-hash-alg=sha256', '1M'],
    ['encrypt.format=luks,encrypt.cipher-alg=serpent-128,encrypt.hash-alg=sha512', '1M'],
    ['encrypt.format=aes', '1M'],
  ])('of an encrypted image with %s', (options, size) => {
    const file = scratch.path('encrypted.qcow2');
    const fast = options.includes('luks') ? `${options},encrypt.iter-time=10` : options;
    const args = ['create', '-q', '-f', 'qcow2', '--object', 'secret,id=s,data=abc'];
    expect(qemuImg(...args, '-o', `${fast},encrypt.key-secret=s`, file, size).stderr).toBe('');
    expectSameInfo(file);
  });
});
