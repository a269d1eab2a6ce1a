import { afterAll, beforeEach, expect, it } from 'vitest';
import { FolderHost, withoutTimes } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());
beforeEach(() => {
  for (const name of ['ours', 'theirs']) host.real('qemu-img', 'create', '-q', '-f', 'qcow2', name, '1M');
});

it.each([
  ['the first cluster is there already', 'write -c -P 1 0 64k'],
  ['one in the middle is there already', 'write -P 1 128k 64k'],
  ['the last one is there already', 'write -c -P 1 256k 64k'],
])('writes the clusters of a request that it can: %s', async (_name, first) => {
  const reads = [0, 64, 128, 192, 256].flatMap((at) => [`read -P 1 ${at}k 64k`, `read -P 2 ${at}k 64k`]);
  const commands = [first, 'write -c -P 2 0 320k', ...reads, 'map'];
  const ours = withoutTimes(await host.qemuIo(commands, 'ours'));
  const theirs = host.real('qemu-io', ...commands.flatMap((command) => ['-c', command]), 'theirs');
  expect(ours).toEqual(withoutTimes(theirs));
});
