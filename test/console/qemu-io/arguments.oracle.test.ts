import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FolderHost, withoutTimes } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());
beforeAll(() => {
  host.real('qemu-img', 'create', '-q', '-f', 'raw', 'a.raw', '4M');
});

async function expectSame(...commands: readonly string[]): Promise<void> {
  const args = ['-f', 'raw', 'a.raw'];
  const theirs = host.real('qemu-io', ...commands.flatMap((command) => ['-c', command]), ...args);
  expect(withoutTimes(await host.qemuIo(commands, ...args))).toEqual(withoutTimes(theirs));
}

describe('arguments of commands', () => {
  it.each([
    '1.999999k',
    '1.0005k',
    '0.0001k',
    '1.',
    '1.k',
    '1.5b',
    '1.5',
    '.5k',
    '0x1.8k',
    '0x200',
    '010',
    '1e3',
    '+5',
  ])('are sizes: %s', async (size) => {
    await expectSame(`alloc ${size}`, `alloc 0 ${size}`);
  });

  it.each(['0x', '010', '08', '0x1f', '256', '-1', '1k', '+7', 'x'])('are bytes: %s', async (byte) => {
    await expectSame(`write -P ${byte} 0 16`, 'read -v 0 16');
  });

  it.each(['1', '0', '010', '0x10', '08', '-1', '1k', '1.0', '1e1', '+5', '--'])('are times: %s', async (time) => {
    await expectSame(`sleep ${time}`);
  });

  it('may give aio_write a pattern that it has no use for', async () => {
    await expectSame('aio_write -z -P 1 0 64k', 'aio_flush', 'read -P 0 0 64k');
  });

  it.each([
    'read -P foo -l x 0 1',
    'read -s y -l x 0 1',
    'read -P foo -x 0 1',
    'read -x -P foo 0 1',
    'readv -P foo -x 0 1',
    'writev -P foo -x 0 1',
    'write -P foo -z 0',
    'aio_read -i -P foo -x 0 1',
    'aio_write -P foo -i 0 1',
    'aio_write -x -i 0 1',
    'aio_write -u -P foo 0 1',
    'aio_write -u 0',
    'truncate -m foo -x 1',
    'truncate 9E',
    'truncate x',
    'truncate -m full 9E',
    'truncate -m off x',
    'reopen -c foo -x',
    'reopen -r -r -c foo',
    'reopen -o foo -c foo',
    'open -t foo -x a.raw',
    'open -d foo -t bar a.raw',
    'open -d bar -i foo a.raw',
    'open -o foo -t foo a.raw',
    'open -n -t foo a.raw',
  ])('are judged in the order in which they stand: %s', async (command) => {
    await expectSame(command);
  });

  it('of quit do not matter', async () => {
    await expectSame('quit now', 'length');
  });
});

describe('help', () => {
  it('lists the commands', async () => {
    await expectSame('help', '?');
  });

  it('fails where there is no such command', async () => {
    await expectSame('help nonsense');
  });

  it.each(['r', 'write', 'map', '?'])('shows the usage of %s under the name asked for', async (name) => {
    const [first] = host.real('qemu-io', '-c', `help ${name}`).stdout.split('\n');
    expect((await host.qemuIo([`help ${name}`])).stdout.split('\n')[0]).toBe(first);
  });
});
