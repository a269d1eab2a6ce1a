import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FolderHost, withoutTimes } from '../folder-host.ts';

/** Where a new image of 64 KiB clusters has its first L2 table. */
const L2_TABLE = 4 * 0x10000;

const host = new FolderHost();
afterAll(() => host.remove());

/** An image whose first entry points between clusters. */
function createDamaged(name: string): void {
  host.real('qemu-img', 'create', '-q', '-f', 'qcow2', name, '4M');
  host.real('qemu-io', '-c', 'write -q 0 64k', '-c', 'write -q 2M 64k', name);
  const bytes = readFileSync(host.path(name));
  bytes.writeBigUInt64BE((1n << 63n) | 0x50200n, L2_TABLE);
  writeFileSync(host.path(name), bytes);
}

describe('an image that finds itself corrupt', () => {
  beforeEach(() => {
    for (const name of ['ours', 'theirs']) createDamaged(name);
  });

  it.each(['read', 'write'])('has no medium any more after a %s', async (access) => {
    const commands = [
      ...[`${access} 0 64k`, 'read 2M 64k', 'read 0 0', 'read -b 0 512', 'write 3M 64k', 'write -z 3M 64k'],
      ...['write -b 0 512', 'discard 2M 64k', 'length', 'alloc 0 1M', 'map', 'flush', 'truncate 8M', 'info', 'close'],
    ];
    const theirs = host.real('qemu-io', ...commands.flatMap((command) => ['-c', command]), 'theirs');
    expect(withoutTimes(await host.qemuIo(commands, 'ours'))).toEqual(withoutTimes(theirs));
  });

  it('that is read-only stays', async () => {
    const commands = ['read 0 64k', 'read 2M 64k', 'length', 'info'];
    const theirs = host.real('qemu-io', '-r', ...commands.flatMap((command) => ['-c', command]), 'theirs');
    expect(withoutTimes(await host.qemuIo(commands, '-r', 'ours'))).toEqual(withoutTimes(theirs));
  });
});
