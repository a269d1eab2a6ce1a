import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ConsoleRun } from '../capturing-host.ts';
import { FolderHost, withoutTimes } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());

beforeAll(() => {
  host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'disk', '4M');
  host.real('qemu-io', '-c', 'write -q 0 4M', 'disk');
});

/** How often QEMU is asked for an order that hangs on how fast its disk is. */
const ATTEMPTS = 10;

// What is told when of data that is written is a matter of time in QEMU, and not asked here. Of data that is read it
// nearly never is: a read that is slower than the look for its L2 table comes after `alloc`.
it.each([
  ['aio_read 0 64k', 'length', 'read 2M 64k', 'length'],
  ['aio_read 0 64k', 'write 2M 64k', 'length'],
  ['aio_read 0 64k', 'readv 2M 512', 'length'],
  ['aio_read 0 64k', 'map', 'length'],
  ['aio_read 0 64k', 'alloc 0', 'length'],
  ['aio_read 0 64k', 'truncate 4M', 'length'],
  ['aio_read 0 64k', 'sleep 10', 'length'],
  ['aio_read 0 64k', 'info', 'length'],
  ['aio_write 0 64k', 'truncate 4M', 'length'],
  ['aio_write 0 64k', 'sleep 10', 'length'],
  ['aio_write 3M 2M', 'length', 'map', 'length'],
  ['aio_write 3M 2M', 'read 0 512', 'length'],
  ['aio_write 3M 2M', 'discard 0 64k', 'length'],
  ['aio_read 3M 2M', 'read 9M 512', 'write 0 512', 'length'],
  ['aio_read 3M 2M', 'flush', 'close', 'length'],
])('%s: told as soon as something waits for the disk: %s %s %s', async (...commands) => {
  const ours = withoutTimes(await host.qemuIo(commands, 'disk'));
  const theirs: ConsoleRun[] = [];
  while (theirs.length < ATTEMPTS && !theirs.some((run) => isDeepStrictEqual(run, ours))) {
    theirs.push(withoutTimes(host.real('qemu-io', ...commands.flatMap((command) => ['-c', command]), 'disk')));
  }
  expect(theirs).toContainEqual(ours);
});
