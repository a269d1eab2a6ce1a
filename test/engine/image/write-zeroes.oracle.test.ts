import { afterAll, describe, expect, it } from 'vitest';
import { FolderHost } from '../../console/folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());

describe('zeros that begin or end within a compressed cluster with subclusters', () => {
  it.each(['write -z 32k 128k', 'write -z 31k 129k', 'write -z 0 32k', 'write -z 96k 64k', 'write -z -u 10k 100k'])(
    '%s leaves the layout that qemu-io leaves',
    async (zeroing) => {
      const before = ['write -q -c -P 1 0 64k', 'write -q -P 2 64k 64k', 'write -q -c -P 3 128k 64k'];
      await expectSameLayout('extended_l2=on', [...before, zeroing]);
    },
  );
});

describe('zeros that begin or end within a cluster of version 2', () => {
  it.each(['write -z 21k 1536', 'write -z 20992 1k', 'write -z 512 1k', 'write -z 512 3k', 'write -z 1536 512'])(
    '%s allocates nothing where the rest of the cluster reads as zeros',
    async (zeroing) => {
      await expectSameLayout('compat=0.10,cluster_size=1k', ['write -q -P 1 0 1k', zeroing]);
    },
  );
});

it.each(['write -z 20992 0', 'write -z -u 20992 0', 'write -z 0 0', 'discard 20992 0'])(
  '%s changes nothing',
  async (nothing) => {
    await expectSameLayout('cluster_size=64k', ['write -q -P 1 128k 64k', nothing]);
  },
);

async function expectSameLayout(options: string, commands: readonly string[]): Promise<void> {
  for (const name of ['ours', 'theirs'])
    host.real('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', options, name, '1M');
  expect((await host.qemuIo(commands, 'ours')).code).toBe(0);
  host.real('qemu-io', ...commands.flatMap((command) => ['-c', command]), 'theirs');
  expect(map('ours')).toEqual(map('theirs'));
  expect(host.real('qemu-img', 'compare', 'ours', 'theirs').stdout).toBe('Images are identical.\n');
  expect(host.real('qemu-img', 'check', '-q', 'ours').code).toBe(0);
}

function map(name: string): Record<string, unknown>[] {
  const runs = JSON.parse(host.real('qemu-img', 'map', '--output=json', name).stdout) as Record<string, unknown>[];
  return runs.map(({ start, length, present, data, zero }) => ({ start, length, present, data, zero }));
}
