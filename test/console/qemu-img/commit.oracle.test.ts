import { mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());

/** base ← mid ← top, in a folder of their own; names in them are relative. */
function makeChain(folder: string): void {
  mkdirSync(host.path(folder));
  const create = (name: string, ...args: string[]) =>
    expect(host.real('qemu-img', 'create', '-q', '-f', 'qcow2', ...args, join(folder, name)).stderr).toBe('');
  create('base', '-o', 'size=1M');
  create('mid', '-F', 'qcow2', '-b', 'base');
  create('top', '-F', 'qcow2', '-b', 'mid');
  symlinkSync('mid', host.path(join(folder, 'link')));
  expect(host.real('qemu-io', '-c', 'write -q -P 7 0 64k', join(folder, 'top')).code).toBe(0);
}

describe('the base that commit is given', () => {
  it.each([
    ['relative to the image', () => 'mid'],
    ['relative, over its folder', (folder: string) => `../${folder}/mid`],
    ['relative to the working folder', (folder: string) => `${folder}/mid`],
    ['absolute', (folder: string) => host.path(`${folder}/mid`)],
    ['through a link', () => 'link'],
    ['with a protocol', () => 'file:mid'],
    ['further down', () => 'base'],
    ['absolute, further down', (folder: string) => host.path(`${folder}/base`)],
    ['no file', () => 'nothing'],
    ['the image itself', () => 'top'],
  ])('%s', async (title, baseOf) => {
    const folder = title.replaceAll(/\W+/g, '-');
    makeChain(folder);
    const args = ['commit', '-b', baseOf(folder), `${folder}/top`];
    const ours = await host.qemuImg(...args);
    const written = ['mid', 'base'].filter(
      (name) => host.real('qemu-io', '-r', '-c', 'read -P 7 0 64k', join(folder, name)).code === 0,
    );
    expect(ours).toEqual(host.real('qemu-img', ...args));
    // A second commit, by the real program, finds what ours left and writes the same once more.
    expect(written.length > 0).toBe(ours.code === 0);
  });
});

it('keeps the zeros behind the end of a shorter layer, which the base has other bytes for', async () => {
  const make = (folder: string) => {
    mkdirSync(host.path(folder));
    const create = (name: string, size: string, ...args: string[]) =>
      expect(host.real('qemu-img', 'create', '-q', ...args, join(folder, name), size).stderr).toBe('');
    create('base', '3M', '-f', 'raw');
    host.real('qemu-io', '-f', 'raw', '-c', 'write -q -P 9 0 3M', join(folder, 'base'));
    create('mid', '1M', '-f', 'qcow2', '-b', 'base', '-F', 'raw');
    create('top', '2M', '-f', 'qcow2', '-b', 'mid', '-F', 'qcow2');
  };
  for (const folder of ['ours', 'theirs']) make(folder);
  const argsFor = (folder: string) => ['commit', '-b', 'base', `${folder}/top`];
  expect(await host.qemuImg(...argsFor('ours'))).toEqual(host.real('qemu-img', ...argsFor('theirs')));
  const bytes = (folder: string) => readFileSync(host.path(`${folder}/base`));
  expect(
    bytes('ours')
      .subarray(1 << 20, 2 << 20)
      .every((byte) => byte === 0),
  ).toBe(true);
  expect(bytes('ours').equals(bytes('theirs'))).toBe(true);
});

it('counts the progress in bytes that are copied, wherever they lie', async () => {
  makeChain('progress');
  host.real('qemu-io', '-c', 'write -q 832k 64k', 'progress/top');
  const { stdout } = await host.qemuImg('commit', '-p', 'progress/top');
  // How often QEMU prints one and the same percentage depends on the turns of its event loop.
  const percentages = new Set([...stdout.matchAll(/\(([\d.]+)\/100%\)/g)].map(([, percentage]) => percentage));
  expect([...percentages]).toEqual(['0.00', '50.00', '100.00']);
});
