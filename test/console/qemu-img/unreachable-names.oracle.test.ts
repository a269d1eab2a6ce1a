import { symlinkSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());
host.real('qemu-img', 'create', '-q', '-f', 'raw', 'raw', '1M');
symlinkSync('loop', host.path('loop'));

const LONGEST = 'n'.repeat(255);

describe.each([
  ['a name that is too long', `${LONGEST}n`],
  ['letters of two bytes each that are too many', 'ü'.repeat(128)],
  ['a folder', '.'],
  ['a folder that is not there', 'missing/image'],
  ['a file in a file', 'raw/image'],
  ['a link to itself', 'loop'],
])('%s', (_, name) => {
  it.each([
    ['create', '-f', 'qcow2', name, '1M'],
    ['create', '-f', 'raw', name, '1M'],
    ['create', '-f', 'qcow2', '-b', name, '-F', 'raw', 'overlay', '1M'],
    ['info', name],
    ['check', name],
    ['resize', name, '2M'],
    ['convert', '-f', 'raw', '-O', 'qcow2', 'raw', name],
    ['convert', '-f', 'raw', '-O', 'qcow2', name, 'copy'],
    ['dd', '-f', 'raw', '-O', 'qcow2', 'if=raw', `of=${name}`],
  ])('%s %s %s %s %s %s %s', async (...args: string[]) => {
    expect(await host.qemuImg(...args)).toEqual(host.real('qemu-img', ...args));
  });

  it('qemu-io', async () => {
    const args = ['-c', 'read 0 512', name];
    expect(await host.qemuIo(['read 0 512'], name)).toEqual(host.real('qemu-io', ...args));
  });
});

it('a name may have 255 bytes', async () => {
  expect(await host.qemuImg('create', '-q', '-f', 'qcow2', LONGEST, '1M')).toEqual({ stdout: '', stderr: '', code: 0 });
});
