import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeHeader, EXTENSION_HEADER, LUKS_EXTENSION, LUKS_HEADER_SIZE } from '#engine';
import { ourQemuImg } from '../../tools/our-qemu-img.ts';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

function makeImages(): void {
  const base = scratch.create('base.qcow2', '10M');
  scratch.create('middle.qcow2', '10M', '', '-b', 'base.qcow2', '-F', 'qcow2');
  const top = scratch.create('top.qcow2', '10M', '', '-b', scratch.path('middle.qcow2'), '-F', 'qcow2');
  scratch.create('gone.qcow2', '10M', '', '-u', '-b', 'gone', '-F', 'raw');
  qemuImg('bitmap', '--add', '-g', '1M', top, 'a bitmap');
  qemuIo(top, ['write 0 64k', 'sigraise 9']);
  qemuImg('bitmap', '--add', '--disable', top, 'second');
  qemuImg('bitmap', '--add', top, 'third');
  scratch.create('old.qcow2', '10M', 'compat=0.10');
  qemuImg('snapshot', '-c', 'first', scratch.path('old.qcow2'));
  scratch.create('all.qcow2', '1M', 'lazy_refcounts=on,compression_type=zstd,extended_l2=on,refcount_bits=64');
  qemuImg('snapshot', '-c', 'a name', scratch.path('all.qcow2'));
  qemuImg('snapshot', '-c', 'another', scratch.path('all.qcow2'));
  const dirty = scratch.create('dirty.qcow2', '10M', 'lazy_refcounts=on');
  qemuIo(dirty, ['write 0 64k', 'sigraise 9']);
  const loop = scratch.path('loop.qcow2');
  copyFileSync(base, loop);
  qemuImg('rebase', '-u', '-F', 'qcow2', '-b', loop, loop);
  qemuImg('create', '-q', '-f', 'raw', scratch.path('raw.img'), '1000');
}

makeImages();

describe('qemu-img info', () => {
  const images = ['base', 'top', 'gone', 'old', 'all', 'dirty'].map((name) => `${name}.qcow2`);
  const lines = ['', '--output json', '-U', '--backing-chain', '--backing-chain --output json'];
  it.each([
    ...images.flatMap((image) => lines.map((line) => `${line} ${image}`)),
    'raw.img',
    '--output json raw.img',
    '-f raw base.qcow2',
    '-f qcow2 raw.img',
    '-f nonsense raw.img',
    '--output nonsense raw.img',
    '--backing-chain loop.qcow2',
    'none.qcow2',
    '--image-opts driver=qcow2,file.filename=top.qcow2',
    '',
    'a b',
  ])('%s', async (line) => {
    const args = ['info', ...line.split(' ').filter((arg) => arg !== '')].map((arg) =>
      arg.replace(/[a-z]+\.(qcow2|img)/, (name) => scratch.path(name)),
    );
    expect(await ourQemuImg(...args)).toEqual(qemuImg(...args));
  });
});

describe('qemu-img info of an encrypted image', () => {
  const file = scratch.path('encrypted.qcow2');
  const options = 'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10';
  qemuImg('create', '-q', '-f', 'qcow2', '--object', 'secret,id=s,data=x', '-o', options, file, '1M');
  const sound = readFileSync(file);

  async function codeOf(change: (bytes: Buffer) => void): Promise<number> {
    const bytes = Buffer.from(sound);
    change(bytes);
    writeFileSync(file, bytes);
    const ours = await ourQemuImg('info', file);
    expect(ours).toEqual(qemuImg('info', file));
    return ours.code;
  }

  it('is refused where its LUKS header is none', async () => {
    // The LUKS header is the first thing behind the tables of a new image.
    expect(await codeOf((bytes) => bytes.fill(0, bytes.indexOf('LUKS\xba\xbe', 'latin1')))).toBe(1);
  });

  it.each([
    [0, 1],
    [LUKS_HEADER_SIZE - 1, 1],
    [LUKS_HEADER_SIZE, 0],
  ])('where it has room for a LUKS header of %i bytes', async (length, code) => {
    const at = decodeHeader(sound).headerLength + EXTENSION_HEADER.size + LUKS_EXTENSION.fields.length.at;
    expect(await codeOf((bytes) => bytes.writeBigUInt64BE(BigInt(length), at))).toBe(code);
  });
});
