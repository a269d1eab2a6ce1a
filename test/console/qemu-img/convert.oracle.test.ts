import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ourQemuImg } from '../../tools/our-qemu-img.ts';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const MIB = 1024 * 1024;
const files = {
  raw: scratch.path('source.raw'),
  base: scratch.path('base.qcow2'),
  overlay: scratch.path('overlay.qcow2'),
  zlib: scratch.path('zlib.qcow2'),
  zstd: scratch.path('zstd.qcow2'),
  subclusters: scratch.path('subclusters.qcow2'),
};

beforeAll(() => {
  // Text, noise, zeros that are data, and holes, none of them aligned to clusters; an odd end.
  const bytes = new Uint8Array(9 * MIB + 3 * 512);
  const text = new TextEncoder().encode('A line of text that compresses well, as most lines do.\n');
  for (let at = 1000; at < 2 * MIB; at += text.length) bytes.set(text, at);
  bytes.set(randomBytes(1.5 * MIB), 3 * MIB + 4096);
  for (let at = 5 * MIB; at < 7 * MIB; at += 12_288) bytes.fill(at % 251, at, at + 4096);
  bytes.set(randomBytes(5000), bytes.length - 5000);
  writeFileSync(files.raw, bytes);
  const convert = (...args: string[]) => expect(qemuImg('convert', ...args).stderr).toBe('');
  convert('-O', 'qcow2', files.raw, files.base);
  convert('-c', '-O', 'qcow2', files.raw, files.zlib);
  convert('-c', '-O', 'qcow2', '-o', 'compression_type=zstd', files.raw, files.zstd);
  convert('-O', 'qcow2', '-o', 'extended_l2=on', files.raw, files.subclusters);
  qemuImg('create', '-q', '-f', 'qcow2', '-b', files.base, '-F', 'qcow2', files.overlay);
  qemuIo(files.overlay, ['write -P 9 100k 300k', 'write -z 5M 256k', 'write -c -P 7 8M 64k']);
});

describe('what is converted', () => {
  const targets = [
    ['-O', 'raw'],
    ['-O', 'qcow2'],
    ['-O', 'qcow2', '-o', 'cluster_size=4k'],
    ['-O', 'qcow2', '-o', 'extended_l2=on'],
    ['-O', 'qcow2', '-S', '0'],
    ['-O', 'qcow2', '-c'],
    ['-O', 'qcow2', '-c', '-o', 'compression_type=zstd,cluster_size=256k'],
  ];
  const cases = [
    ...targets.map((target) => ({ source: 'overlay', target: target.join(' ') }) as const),
    ...(['raw', 'base', 'zlib', 'zstd', 'subclusters'] as const).map((source) => ({ source, target: '-O raw' })),
    ...(['raw', 'zstd'] as const).map((source) => ({ source, target: '-O qcow2 -c' })),
  ];
  it.each(cases)('reads as before: $source, $target', async ({ source, target }) => {
    const written = scratch.path('target');
    const ran = await ourQemuImg('convert', ...target.split(' '), files[source], written);
    expect(ran).toEqual({ code: 0, stdout: '', stderr: '' });
    const compared = qemuImg('compare', files[source], written);
    expect(compared.stdout).toBe('Images are identical.\n');
    if (target !== '-O raw') expect(qemuImg('check', written).stdout).toContain('No errors were found');
  });

  it.each([[[]], [['-c']]])('keeps its backing file where it is told (%j)', async (options) => {
    const written = scratch.path('over-base.qcow2');
    const args = [...options, '-O', 'qcow2', '-B', files.base, '-F', 'qcow2', files.overlay, written];
    expect(await ourQemuImg('convert', ...args)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(qemuImg('compare', files.overlay, written).stdout).toBe('Images are identical.\n');
    expect(readFileSync(written).length).toBeLessThan(3 * MIB);
  });

  it('stands one after the other', async () => {
    const [ours, theirs] = [scratch.path('ours.raw'), scratch.path('theirs.raw')];
    await ourQemuImg('convert', '-O', 'raw', files.raw, files.overlay, files.zlib, ours);
    qemuImg('convert', '-O', 'raw', files.raw, files.overlay, files.zlib, theirs);
    expect(readFileSync(ours).equals(readFileSync(theirs))).toBe(true);
  });

  it.each([[[]], [['-c']]])('covers what a target that is there says (%j)', async (options) => {
    const target = scratch.create('there.qcow2', String(9 * MIB + 3 * 512));
    // Only where the source has no data: compressed clusters cannot replace others.
    qemuIo(target, ['write -P 5 7680k 128k']);
    const ran = await ourQemuImg('convert', '-n', ...options, '-O', 'qcow2', files.raw, target);
    expect(ran).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(qemuImg('compare', files.raw, target).stdout).toBe('Images are identical.\n');
  });
});

describe('what is salvaged', () => {
  const source = JSON.stringify({
    driver: 'blkdebug',
    image: { driver: 'raw', file: { driver: 'file', filename: files.raw } },
    'inject-error': [
      ...[100, 101, 9000].map((sector) => ({ event: 'none', iotype: 'block-status', errno: 5, sector })),
      ...[101, 8000].map((sector) => ({ event: 'none', iotype: 'read', errno: 5, sector })),
    ],
  });

  it.each([[['-O', 'raw']], [['-O', 'qcow2']]])('is told and written as by qemu-img (%j)', async (options) => {
    const [ours, theirs] = [scratch.path('ours'), scratch.path('theirs')];
    const ran = await ourQemuImg('convert', '--salvage', '-m', '1', ...options, `json:${source}`, ours);
    const { stderr } = qemuImg('convert', '--salvage', '-m', '1', ...options, `json:${source}`, theirs);
    expect(ran.stderr).toBe(stderr);
    expect(stderr).toContain('warning: error while reading block status at offset 51200');
    expect(qemuImg('compare', ours, theirs).stdout).toBe('Images are identical.\n');
  });
});

describe('progress', () => {
  it('goes in the same steps and is rounded as by the real program', async () => {
    const source = scratch.create('steps.qcow2', '4M', 'cluster_size=512');
    qemuIo(source, ['write -P 5 0 4M']);
    const args = ['convert', '-p', '-O', 'qcow2', source];
    const theirs = qemuImg(...args, scratch.path('theirs.qcow2'));
    expect(theirs.stdout).toContain('(3.12/100%)');
    expect(await ourQemuImg(...args, scratch.path('ours.qcow2'))).toEqual(theirs);
  });
});
