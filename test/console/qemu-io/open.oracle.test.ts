import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FolderHost, withoutTimes } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());
beforeEach(() => {
  host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'a.qcow2', '1M');
});

async function expectSame(commands: readonly string[], ...args: string[]): Promise<void> {
  const theirs = host.real('qemu-io', ...commands.flatMap((command) => ['-c', command]), ...args);
  expect(withoutTimes(await host.qemuIo(commands, ...args))).toEqual(withoutTimes(theirs));
}

const IMAGE = 'driver=qcow2,file.filename=a.qcow2';

describe('a file that others may write to', () => {
  it.each([
    ['-U', 'a.qcow2'],
    ['-U', '-r', 'a.qcow2'],
    ['-U', '-s', 'a.qcow2'],
    ['--image-opts', `${IMAGE},force-share=on`],
    ['--image-opts', `${IMAGE},force-share=on,read-only=on`],
    ['-U', '-r', '--image-opts', `${IMAGE},force-share=off`],
  ])('is only read: %s %s %s', async (...args) => {
    await expectSame(['length'], ...args);
  });

  it('is only read by the command open too', async () => {
    await expectSame(['open -U a.qcow2', 'open -r -U a.qcow2', 'close', 'open -U -o force-share=off a.qcow2']);
  });
});

describe('the way in which a file is accessed', () => {
  it.each([
    ['-i', 'nonsense', 'a.qcow2'],
    ['-i', 'native', 'a.qcow2'],
    ['-k', 'a.qcow2'],
    ['-k', '-n', 'a.qcow2'],
    ['-k', '-i', 'threads', 'a.qcow2'],
    ['-i', 'native', '-i', 'threads', 'a.qcow2'],
    ['-i', 'io_uring', '-i', 'native', 'a.qcow2'],
    ['-i', 'io_uring', '-i', 'threads', 'a.qcow2'],
    ['-k', '-t', 'directsync', 'a.qcow2'],
    ['-k', '--image-opts', `${IMAGE},cache.direct=on`],
    ['-n', '--image-opts', `${IMAGE},cache.direct=off,file.aio=native`],
    ['--image-opts', `${IMAGE},file.cache.direct=on,file.aio=native`],
    ['--image-opts', `${IMAGE},file.aio=nonsense`],
    ['--image-opts', `${IMAGE},file.locking=nonsense`],
    ['--image-opts', `${IMAGE},file.locking=off`],
    ['--image-opts', `${IMAGE},file.drop-cache=nonsense`],
    ['--image-opts', 'driver=null-co,latency-ns=-1'],
  ])('is judged: %s %s %s %s', async (...args) => {
    await expectSame(['length'], ...args);
  });

  it('is judged by the command open too', async () => {
    await expectSame(['open -i nonsense a.qcow2', 'open -k a.qcow2', 'open -i native -n a.qcow2', 'length']);
  });
});

describe('a temporary overlay', () => {
  it.each(['-s', '-rs'])('is written to unless it is read-only: %s', async (flag) => {
    await expectSame(['write 0 4k', 'map'], flag, 'a.qcow2');
    await expectSame([`open ${flag} a.qcow2`, 'write 0 4k', 'map']);
  });
});

describe('a file that is opened again', () => {
  beforeEach(() => {
    host.real('qemu-img', 'create', '-q', '-f', 'raw', 'raw', '1M');
  });

  it.each(['reopen -c none', 'reopen -c writethrough', 'reopen -c writeback', 'reopen -r', 'reopen -w'])(
    'is not judged anew, nor warned of: %s',
    async (command) => {
      for (const args of [['a.qcow2'], ['raw'], ['-r', 'raw'], ['-n', '-k', 'a.qcow2'], ['-n', '-k', 'raw']]) {
        await expectSame([command, 'read 0 512'], ...args);
      }
    },
  );
});
