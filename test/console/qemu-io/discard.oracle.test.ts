import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FolderHost, withoutTimes } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());
beforeEach(() => {
  for (const name of ['ours', 'theirs']) {
    host.real('qemu-img', 'create', '-q', '-f', 'qcow2', `${name}.qcow2`, '1M');
    host.real('qemu-io', '-c', 'write -q 0 1M', `${name}.qcow2`);
    host.real('qemu-img', 'create', '-q', '-f', 'raw', `${name}.raw`, '1M');
    host.real('qemu-io', '-f', 'raw', '-c', 'write -q 0 1M', `${name}.raw`);
  }
});

const COMMANDS = ['discard 0 128k', 'write -z -u 128k 128k', 'write -P 0 256k 128k', 'read -P 0 0 128k', 'map'];

/** Both programs give back, each with files of its own; then the files hold the same in the same way. */
async function expectSame(argsFor: (name: string) => readonly string[], commands = COMMANDS): Promise<void> {
  const ours = withoutTimes(await host.qemuIo(commands, ...argsFor('ours')));
  const theirs = host.real('qemu-io', ...commands.flatMap((command) => ['-c', command]), ...argsFor('theirs'));
  expect(ours).toEqual(withoutTimes(theirs));
  for (const format of ['qcow2', 'raw']) {
    const map = (name: string) =>
      host.real('qemu-img', 'map', '--output=json', '-f', format, `${name}.${format}`).stdout;
    if (format === 'qcow2') expect(runsOf(map('ours'))).toEqual(runsOf(map('theirs')));
    expect(host.real('qemu-img', 'compare', `ours.${format}`, `theirs.${format}`).stdout).toMatch('identical');
  }
}

/** Where the clusters lie is each program's own affair, whether there are any is not. */
function runsOf(map: string): unknown {
  const runs = JSON.parse(map) as { start: number; length: number; zero: boolean; data: boolean; offset?: number }[];
  return runs.map(({ start, length, zero, data, offset }) => ({
    start,
    length,
    zero,
    data,
    kept: offset !== undefined,
  }));
}

describe('what is discarded', () => {
  const qcow2 = (more: string) => (name: string) => ['--image-opts', `driver=qcow2,file.filename=${name}.qcow2${more}`];
  const raw = (more: string) => (name: string) => ['--image-opts', `driver=raw,file.filename=${name}.raw${more}`];
  const filter = (name: string) => [
    `--image-opts`,
    `driver=copy-on-read,file.driver=qcow2,file.file.filename=${name}.qcow2`,
  ];
  const quorum = (name: string) => [
    '--image-opts',
    `driver=quorum,vote-threshold=1,children.0.driver=raw,children.0.file.filename=${name}.raw`,
  ];

  it.each(['', ',discard=ignore', ',discard=on', ',file.discard=off', ',discard=nonsense'])(
    'depends on the option of the node: %s',
    async (more) => {
      await expectSame(qcow2(more));
      await expectSame(raw(more));
    },
  );

  it.each(['ignore', 'off', 'on', 'unmap', 'nonsense'])('depends on the option of the command: -d %s', async (mode) => {
    await expectSame((name) => ['-d', mode, `${name}.qcow2`]);
    await expectSame((name) => ['-d', mode, '-f', 'raw', `${name}.raw`]);
    await expectSame((name) => ['-d', mode, '-s', `${name}.qcow2`]);
    await expectSame((name) => ['-d', mode, ...filter(name)]);
    await expectSame((name) => ['-d', mode, ...qcow2(',discard=unmap')(name)]);
    await expectSame(() => [], [`open -d ${mode} missing`]);
  });

  it('can be changed by a reopen', async () => {
    await expectSame((name) => [`${name}.qcow2`], ['reopen -o discard=off', ...COMMANDS]);
    await expectSame((name) => ['-d', 'off', `${name}.qcow2`], ['reopen -o discard=on', ...COMMANDS]);
  });

  it('stays where it is on a quorum', async () => {
    await expectSame(quorum);
  });

  it.each(['on', 'unmap', 'off', 'nonsense', 'unmap,discard=off'])(
    'may be what is written as zeros: detect-zeroes=%s',
    async (mode) => {
      await expectSame(qcow2(`,detect-zeroes=${mode}`), [...COMMANDS, 'write -c -P 0 512k 64k', 'write -P 0 600k 100']);
      await expectSame(raw(`,detect-zeroes=${mode}`));
    },
  );
});
