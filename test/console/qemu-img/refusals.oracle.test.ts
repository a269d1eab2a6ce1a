import { copyFileSync, readFileSync, symlinkSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());

const IMAGES = ['a.qcow2', 'over.qcow2', 'with-snapshot.qcow2'] as const;

beforeAll(() => {
  for (const line of [
    ['create', '-q', '-f', 'qcow2', 'a.qcow2', '1M'],
    ['create', '-q', '-f', 'qcow2', '-b', 'a.qcow2', '-F', 'qcow2', 'over.qcow2'],
    ['create', '-q', '-f', 'qcow2', 'with-snapshot.qcow2', '1M'],
    ['snapshot', '-c', 's', 'with-snapshot.qcow2'],
  ]) {
    expect(host.real('qemu-img', ...line).code).toBe(0);
  }
  expect(host.real('qemu-io', '-c', 'write -P 1 0 512k', 'a.qcow2').code).toBe(0);
  symlinkSync('a.qcow2', host.path('link.qcow2'));
  for (const name of IMAGES) copyFileSync(host.path(name), host.path(`${name}.original`));
});

beforeEach(() => {
  for (const name of IMAGES) copyFileSync(host.path(`${name}.original`), host.path(name));
});

function expectUnchanged(): void {
  for (const name of IMAGES) {
    expect(readFileSync(host.path(name)).equals(readFileSync(host.path(`${name}.original`))), name).toBe(true);
  }
}

describe('what would write to the file that it reads is refused, and nothing is lost', () => {
  it.each([
    'convert -O qcow2 a.qcow2 a.qcow2',
    'convert -O raw a.qcow2 a.qcow2',
    'convert -n -O qcow2 a.qcow2 a.qcow2',
    'convert -O qcow2 over.qcow2 a.qcow2',
    'convert -n -O qcow2 over.qcow2 a.qcow2',
    'convert -O qcow2 a.qcow2 link.qcow2',
    'dd -O qcow2 if=a.qcow2 of=a.qcow2',
    'rebase -b over.qcow2 -F qcow2 over.qcow2',
  ])('%s', async (line) => {
    const args = line.split(' ');
    const { code, stdout, stderr } = await host.qemuImg(...args);
    expectUnchanged();
    const ours = { code, stdout, stderr: stderr.replaceAll(`${host.folder}/`, '') };
    expect(ours).toEqual(host.real('qemu-img', ...args));
    expect(code).toBe(1);
  });

  // QEMU takes no locks here, and destroys the image.
  it.each(['convert -U -O qcow2 a.qcow2 a.qcow2', 'rebase -U -b over.qcow2 -F qcow2 over.qcow2'])(
    '%s',
    async (line) => {
      const { code, stderr } = await host.qemuImg(...line.split(' '));
      expect(code).toBe(1);
      expect(stderr).toMatch(/Failed to get .*"write" lock\nIs another process using the image/);
      expectUnchanged();
    },
  );
});

describe('-U', () => {
  it.each([
    'bench -w -U a.qcow2',
    'check -U -r all a.qcow2',
    'check -U a.qcow2',
    'snapshot -U -c x a.qcow2',
    'snapshot -U -d s with-snapshot.qcow2',
    'check -U --image-opts driver=qcow2,file.filename=a.qcow2,force-share=off',
  ])('lets nobody write: %s', async (line) => {
    const args = line.split(' ');
    const ours = await host.qemuImg(...args);
    expectUnchanged();
    expect(ours).toEqual(host.real('qemu-img', ...args));
  });
});

describe('judged as in QEMU', () => {
  it.each([
    'snapshot with-snapshot.qcow2',
    'rebase -b a.qcow2 -F nonsense over.qcow2',
    'rebase -u -b a.qcow2 -F nonsense over.qcow2',
    'rebase -u -b a.qcow2 -F vmdk over.qcow2',
    'create -u -f qcow2 -b a.qcow2 -F nonsense new.qcow2 1M',
    'convert -O raw -B a.qcow2 -F qcow2 over.qcow2 new.raw',
    'convert -O qcow2 -o size=16M a.qcow2 new.qcow2',
    'convert -O qcow2 -o size=1k a.qcow2 new.qcow2',
  ])('%s', async (line) => {
    const args = line.split(' ');
    expect(await host.qemuImg(...args)).toEqual(host.real('qemu-img', ...args));
  });

  it('where a backing file of the image to commit is missing', async () => {
    const lines = [
      ['create', '-q', '-f', 'qcow2', '-u', '-b', 'missing.qcow2', '-F', 'qcow2', 'middle.qcow2', '1M'],
      ['create', '-q', '-f', 'qcow2', '-u', '-b', 'middle.qcow2', '-F', 'qcow2', 'top.qcow2', '1M'],
    ];
    for (const line of lines) expect(host.real('qemu-img', ...line).code).toBe(0);
    for (const args of [
      ['commit', 'middle.qcow2'],
      ['commit', '-b', 'missing.qcow2', 'top.qcow2'],
    ]) {
      expect(await host.qemuImg(...args)).toEqual(host.real('qemu-img', ...args));
    }
  });
});
