import { afterAll, beforeEach, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());
beforeEach(() => {
  host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'a', '1M');
  host.real('qemu-img', 'bitmap', '--add', 'a', 'b');
  host.real('qemu-img', 'create', '-q', '-f', 'raw', 'raw', '1M');
  host.real('qemu-img', 'create', '-q', '-f', 'raw', 'base', '1M');
  host.real('qemu-img', 'create', '-q', '-f', 'raw', 'small', '64k');
  host.real('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', 'data_file=data', 'outside', '1M');
});

it.each([
  ['snapshot', '-a', 'missing', 'a'],
  ['snapshot', '-d', 'missing', 'a'],
  ['snapshot', '-c', 's', 'raw'],
  ['snapshot', '-d', 's', 'raw'],
  ['snapshot', '-a', 'missing', 'outside'],
  ['snapshot', '-d', 'missing', 'outside'],
  ['snapshot', '-U', 'a'],
  ['snapshot', '-l', '-U', 'a'],
  ['create', '-f', 'qcow2', '-b', 'a', 'over'],
  ['create', '-f', 'qcow2', '-o', 'backing_file=raw', 'over', '64k'],
  ['amend', '-o', 'nocow=on', 'a'],
  ['amend', '-o', 'extent_size_hint=1M', 'a'],
  ['amend', '-o', 'preallocation=full', 'a'],
  ['amend', '-o', 'cluster_size=4k', 'a'],
  ['convert', '-n', '--bitmaps', '-O', 'raw', 'a', 'small'],
  ['convert', '-n', '--bitmaps', '-c', '-O', 'raw', 'a', 'base'],
  ['convert', '-n', '-c', '-O', 'raw', 'a', 'small'],
  ['rebase', '-f', 'raw', '-b', 'base', 'raw'],
  ['rebase', '-f', 'raw', '-b', 'missing', 'raw'],
  ['rebase', '-f', 'raw', '-b', 'base', '-F', 'raw', 'raw'],
  ['rebase', '-u', '-f', 'raw', '-b', 'base', 'raw'],
  ['rebase', '-u', '-f', 'raw', '-b', '', 'raw'],
])('%s %s %s %s %s %s', async (...args: string[]) => {
  expect(await host.qemuImg(...args)).toEqual(host.real('qemu-img', ...args));
});

it('applies no snapshot of a raw file, and says so once', async () => {
  const args = ['snapshot', '-a', 's', 'raw'];
  // QEMU opens the file a second time for it, and warns a second time that it guesses its format.
  const once = host.real('qemu-img', ...args).stderr.replace(/^(WARNING[^]*?restrictions\.\n)\1/, '$1');
  expect(await host.qemuImg(...args)).toEqual({ stdout: '', stderr: once, code: 1 });
});
