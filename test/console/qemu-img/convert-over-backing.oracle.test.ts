import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());

beforeAll(() => {
  const create = (...args: string[]) => host.real('qemu-img', 'create', '-q', '-f', 'qcow2', ...args);
  const write = (name: string, command: string) => host.real('qemu-io', '-c', command, name);
  create('base', '1M');
  write('base', 'write -P 5 0 256k');
  create('short', '300k');
  write('short', 'write -P 7 0 300k');
  create('odd', '150k');
  write('odd', 'write -P 7 0 150k');
  create('tiny', '512');
  write('tiny', 'write -P 7 0 512');
  create('empty', '1M');
  create('alone', '1M');
  write('alone', 'write -P 8 64k 128k');
  write('alone', 'write -z 320k 64k');
  create('-b', 'base', '-F', 'qcow2', 'over');
  write('over', 'write -P 8 64k 128k');
  create('-b', 'base', '-F', 'qcow2', 'huge', '5G');
});

describe('a conversion over a backing file that the source has not', () => {
  const cases = ['empty', 'alone'].flatMap((source) =>
    ['base', 'short', 'tiny'].flatMap((backing) => [[], ['-c']].map((more) => ({ source, backing, more }))),
  );
  it.each(cases)('hides it where the source reads as zeros: $source over $backing $more', async (one) => {
    const { source, backing, more } = one;
    const args = ['convert', ...more, '-O', 'qcow2', '-o', `backing_file=${backing}`, '-F', 'qcow2', source];
    expect(await host.qemuImg(...args, 'ours')).toEqual(host.real('qemu-img', ...args, 'theirs'));
    expect(host.real('qemu-img', 'compare', source, 'ours').stdout).toBe('Images are identical.\n');
    expect(mapOf('ours')).toEqual(mapOf('theirs'));
  });
});

it.each([
  ['65536', 'over', 'base'],
  ['4096', 'over', 'short'],
  ['65536', 'over', 'odd'],
  ['4096', 'over', 'odd'],
  ['524288', 'over', 'odd'],
  ['65536', 'huge', 'odd'],
])(
  'compresses whole the clusters of %s bytes in which a run ends: %s over %s',
  async (clusterSize, source, backing) => {
    const args = ['convert', '-c', '-O', 'qcow2', '-o', `cluster_size=${clusterSize}`, '-B', backing, '-F', 'qcow2'];
    expect(await host.qemuImg(...args, source, 'ours')).toEqual(host.real('qemu-img', ...args, source, 'theirs'));
    expect(mapOf('ours')).toEqual(mapOf('theirs'));
  },
);

it('leaves what the source has from its own backing file to that', async () => {
  const args = ['convert', '-O', 'qcow2', '-B', 'base', '-F', 'qcow2', 'over'];
  expect(await host.qemuImg(...args, 'ours')).toEqual(host.real('qemu-img', ...args, 'theirs'));
  expect(host.real('qemu-img', 'compare', 'over', 'ours').stdout).toBe('Images are identical.\n');
  expect(mapOf('ours')).toEqual(mapOf('theirs'));
});

function mapOf(name: string): Record<string, unknown>[] {
  const runs = JSON.parse(host.real('qemu-img', 'map', '--output=json', name).stdout) as Record<string, unknown>[];
  return runs.map(({ start, length, present, depth, data, zero }) => ({ start, length, present, depth, data, zero }));
}
