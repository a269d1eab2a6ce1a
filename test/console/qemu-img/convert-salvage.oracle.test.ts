import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

/** Where a new image of 64 KiB clusters has its first L2 table. */
const L2_TABLE = 4 * 0x10000;

const host = new FolderHost();
afterAll(() => host.remove());

it('a salvage tells of each place in its turn that its status and its bytes are unknown', async () => {
  host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'a', '1M');
  host.real('qemu-io', '-c', 'write -q 0 64k', '-c', 'write -q 128k 64k', 'a');
  const bytes = readFileSync(host.path('a'));
  bytes.writeBigUInt64BE((1n << 63n) | 0x50200n, L2_TABLE);
  writeFileSync(host.path('a'), bytes);
  const args = ['convert', '--salvage', '-m', '1', '-O', 'raw', 'a'];
  expect(await host.qemuImg(...args, 'ours')).toEqual(host.real('qemu-img', ...args, 'theirs'));
  expect(readFileSync(host.path('ours')).equals(readFileSync(host.path('theirs')))).toBe(true);
});
