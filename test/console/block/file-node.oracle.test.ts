import { readFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());

it('reads zeros where a raw disk was discarded, as in qemu-io, and keeps what lies around', async () => {
  const commands = ['write -q -P 7 0 4M', 'discard -q 4k 2M', 'discard -q 3M 512k', 'discard -q 4000k 96k'];
  for (const name of ['ours', 'theirs']) host.real('qemu-img', 'create', '-q', '-f', 'raw', name, '4M');
  expect((await host.qemuIo(commands, '-f', 'raw', 'ours')).code).toBe(0);
  host.real('qemu-io', '-f', 'raw', ...commands.flatMap((command) => ['-c', command]), 'theirs');
  const [ours, theirs] = ['ours', 'theirs'].map((name) => readFileSync(host.path(name)));
  expect(Buffer.compare(ours!, theirs!)).toBe(0);
});
