import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FolderHost, withoutTimes } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());
beforeEach(() => {
  host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'a', '1M');
  host.real('qemu-img', 'snapshot', '-c', 'one', 'a');
});

describe('a flag without a value', () => {
  it.each([
    ['open -o lazy-refcounts a'],
    ['open -o driver=qcow2,nolazy-refcounts,foo a'],
    ['open -o no'],
    ['open -o driver=qcow2,,a'],
    ['open a', 'reopen -o lazy-refcounts'],
  ])('is deprecated in qemu-io: %s %s', async (...commands: string[]) => {
    const ours = await host.qemuIo(commands);
    expect(ours).toEqual(host.real('qemu-io', ...commands.flatMap((command) => ['-c', command])));
  });

  it.each(['driver=qcow2,file.filename=a,lazy-refcounts', 'qcow2,file.filename=a', 'a', 'noa', 'a,file.driver=file'])(
    'is deprecated in --image-opts of qemu-io, where no name is implied: %s',
    async (text) => {
      const ours = withoutTimes(await host.qemuIo(['read 0 1'], '--image-opts', text));
      expect(ours).toEqual(withoutTimes(host.real('qemu-io', '-c', 'read 0 1', '--image-opts', text)));
    },
  );

  it.each([
    ['info', '--image-opts', 'driver=qcow2,file.filename=a,lazy-refcounts,noread-only'],
    ['info', '--image-opts', 'a'],
    ['info', '--image-opts', ','],
    ['compare', '--image-opts', 'driver=qcow2,file.filename=a,lazy-refcounts', 'driver=qcow2,file.filename=a'],
    ['measure', '-O', 'raw', '-l', 'snapshot.id,snapshot.name=one', 'a'],
    ['convert', '-O', 'raw', '-l', 'snapshot.foo', 'a', 'b'],
    ['convert', '-O', 'raw', '-l', 'snapshot.noname', 'a', 'b'],
    // Options of creation may be short.
    ['create', '-q', '-f', 'qcow2', '-o', 'lazy_refcounts,noextended_l2', 'b', '1M'],
    ['create', '-q', '-f', 'qcow2', '-o', 'lazy_refcounts,,', 'b', '1M'],
    ['create', '-q', '-f', 'qcow2', '-o', 'lazy_refcounts=on,', 'b', '1M'],
    ['create', '-q', '-f', 'qcow2', '-o', '', 'b', '1M'],
  ])('in qemu-img: %s %s %s %s %s %s', async (...args: string[]) => {
    expect(await host.qemuImg(...args)).toEqual(host.real('qemu-img', ...args));
  });
});

it('stays writable when only an option of the node says read-only', async () => {
  const options = 'driver=qcow2,node-name=disk,file.filename=a';
  const commands = ['reopen -o read-only=on', 'write -q 0 64k'];
  const ours = await host.qemuIo(commands, '--image-opts', options);
  const theirs = host.real('qemu-io', ...commands.flatMap((command) => ['-c', command]), '--image-opts', options);
  expect(ours).toEqual(theirs);
});
