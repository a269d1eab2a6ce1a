import { writeFileSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FolderHost, withoutTimes } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());

/** Gives commands to both programs, each with an image of its own, and expects the same to be printed and to be there. */
async function expectSame(commandsFor: (image: string) => readonly string[], ...args: string[]): Promise<void> {
  const ours = await host.qemuIo(commandsFor('ours.qcow2'), ...args);
  const theirs = host.real('qemu-io', ...commandsFor('theirs.qcow2').flatMap((command) => ['-c', command]), ...args);
  expect(withoutTimes(ours)).toEqual(withoutTimes(theirs));
  expect(host.real('qemu-img', 'compare', 'theirs.qcow2', 'ours.qcow2').stdout).toBe('Images are identical.\n');
  const checked = (image: string) => host.real('qemu-img', 'check', '--output=json', image);
  const facts = (image: string) => {
    const { 'compressed-clusters': compressed, 'allocated-clusters': allocated } = JSON.parse(checked(image).stdout);
    return { compressed, allocated, code: checked(image).code };
  };
  expect(facts('ours.qcow2')).toEqual(facts('theirs.qcow2'));
}

function create(...options: string[]): void {
  for (const name of ['ours.qcow2', 'theirs.qcow2']) {
    expect(host.real('qemu-img', 'create', '-q', '-f', 'qcow2', ...options, name, '4M').stderr).toBe('');
  }
}

describe('what copies on read over blkdebug', () => {
  beforeEach(() => {
    writeFileSync(host.path('rules'), '[inject-error]\nevent = "cor_write"\nsector = "2048"\n');
    host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'base.qcow2', '4M');
    host.real('qemu-io', '-c', 'write -q -P 5 1M 1M', 'base.qcow2');
    create('-F', 'qcow2', '-b', 'base.qcow2');
  });

  it.each([
    ['fails at a run that it must copy', ['read -P 5 1M 128k']],
    ['does not write what is there already', ['write -q -P 6 1M 64k', 'read -P 6 1M 64k', 'read 1M 128k', 'map']],
    ['copies other runs', ['read -P 5 1152k 64k', 'map']],
  ])('%s', async (_, commands) => {
    const open = `open -C -o driver=blkdebug,config=${host.path('rules')},image.driver=qcow2`;
    await expectSame((image) => [`${open} ${host.path(image)}`, ...commands]);
  });
});

describe('what copies on read and reads nothing', () => {
  it.each(['0', '100', '64k', '65535', '4M'])('copies the cluster that %s lies within', async (at) => {
    host.real('qemu-img', 'create', '-q', '-f', 'raw', 'base.raw', '4M');
    host.real('qemu-io', '-f', 'raw', '-c', 'write -q -P 5 0 4M', 'base.raw');
    create('-F', 'raw', '-b', 'base.raw');
    await expectSame((image) => [`open -C ${image}`, `read ${at} 0`, 'map']);
  });

  it('copies nothing between the sectors of an encrypted image', async () => {
    const secret = ['--object', 'secret,id=s,data=x'];
    const key = 'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10';
    host.real('qemu-img', 'create', '-q', '-f', 'raw', 'base.raw', '4M');
    host.real('qemu-img', 'create', '-q', '-f', 'qcow2', ...secret, '-o', key, '-F', 'raw', '-b', 'base.raw', 'over');
    const args = [...secret, '-C', '--image-opts', 'driver=qcow2,encrypt.key-secret=s,file.filename=over'];
    for (const at of ['100', '512']) {
      const commands = [`read ${at} 0`, 'map'];
      const theirs = host.real('qemu-io', ...args, ...commands.flatMap((command) => ['-c', command]));
      host.real('qemu-img', 'create', '-q', '-f', 'qcow2', ...secret, '-o', key, '-F', 'raw', '-b', 'base.raw', 'over');
      expect(withoutTimes(await host.qemuIo(commands, ...args))).toEqual(withoutTimes(theirs));
    }
  });
});

describe('what copies on read into an image with subclusters', () => {
  it('copies whole clusters', async () => {
    host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'base.qcow2', '4M');
    host.real('qemu-io', '-c', 'write -q -P 5 0 4M', 'base.qcow2');
    create('-F', 'qcow2', '-b', 'base.qcow2', '-o', 'extended_l2=on');
    await expectSame((image) => [`open -C ${host.path(image)}`, 'read -P 5 1100k 100', 'map']);
  });
});

describe('the filter that compresses', () => {
  beforeEach(() => create('-o', 'cluster_size=4k'));

  it.each([
    ['whole clusters', ['write -P 1 0 64k', 'read -P 1 0 64k']],
    ['what surrounds a part of a cluster', ['write -P 1 100k 1000', 'read -P 0 98k 2k', 'read -P 1 100k 1000', 'map']],
    ['the ends of zeros', ['write -z 1000 10000', 'read -P 0 0 16k', 'map']],
    ['nothing over what is there', ['write -P 1 0 8k', 'write -P 2 4k 4k', 'read -P 1 0 8k']],
    ['where it is told to anyway', ['write -c -P 3 4k 4k', 'write -c -P 3 1k 1k', 'read -P 3 4k 4k']],
  ])('writes %s', async (_, commands) => {
    const open = 'open -o driver=compress,file.driver=qcow2,file.file.filename=';
    await expectSame((image) => [open + host.path(image), ...commands]);
  });

  it.each([
    'driver=compress,file.driver=file,file.filename=ours.qcow2',
    'driver=compress,file.driver=raw,file.file.filename=ours.qcow2',
    'driver=compress,file.driver=qcow2,file.file.filename=odd.qcow2',
    'driver=compress',
  ])('is refused: %s', async (options) => {
    host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'odd.qcow2', '100000');
    const args = ['--image-opts', options];
    expect(await host.qemuIo(['length'], ...args)).toEqual(host.real('qemu-io', '-c', 'length', ...args));
  });
});

describe('a compressed write', () => {
  beforeEach(() => create());

  const FILE = 'file.driver=qcow2,file.file.filename=';
  it.each([
    `driver=copy-on-read,${FILE}`,
    `driver=raw,${FILE}`,
    'driver=raw,file.filename=',
    'driver=blkdebug,image.driver=qcow2,image.file.filename=',
    'driver=quorum,vote-threshold=1,children.0.driver=qcow2,children.0.file.filename=',
  ])('to %s', async (options) => {
    await expectSame((image) => [`open -o ${options}${host.path(image)}`, 'write -c -P 3 0 64k']);
  });
});
