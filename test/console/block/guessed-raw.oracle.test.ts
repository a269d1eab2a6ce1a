import { writeFileSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FolderHost, withoutTimes } from '../folder-host.ts';

const QCOW2_START = Uint8Array.of(0x51, 0x46, 0x49, 0xfb, 0, 0, 0, 3);

const host = new FolderHost();
afterAll(() => host.remove());
beforeEach(() => {
  writeFileSync(host.path('start'), QCOW2_START);
  for (const name of ['ours', 'theirs']) writeFileSync(host.path(name), new Uint8Array(65536));
});

describe('a file without a format, where none is named', () => {
  it.each([
    ['a header', ['write -s start 0 64k']],
    ['a header of a few bytes', ['write -s start 0 8']],
    ['a header in two pieces', ['write -s start 0 4', 'write -P 0 4 3', 'write -P 3 7 1', 'read -v 0 16']],
    ['a header behind the first sector', ['write -s start 512 512']],
    ['other bytes', ['write -P 7 0 4k', 'write -z 0 512', 'read -P 0 0 512']],
    ['nothing', ['length']],
  ])('is written to with a warning, except that no image may begin there: %s', async (_, commands) => {
    const ours = withoutTimes(await host.qemuIo(commands, 'ours'));
    const theirs = withoutTimes(host.real('qemu-io', ...commands.flatMap((command) => ['-c', command]), 'theirs'));
    expect({ ...ours, stderr: ours.stderr.replaceAll('ours', 'theirs') }).toEqual(theirs);
    expect(host.real('qemu-img', 'compare', '-f', 'raw', '-F', 'raw', 'ours', 'theirs').code).toBe(0);
  });

  it.each([['-r'], ['-s'], ['-f', 'raw']])('is opened without a warning with %s', async (...args) => {
    const ours = withoutTimes(await host.qemuIo(['length'], ...args, 'ours'));
    expect(ours).toEqual(withoutTimes(host.real('qemu-io', '-c', 'length', ...args, 'theirs')));
    expect(ours.stderr).toBe('');
  });

  it('is resized with a warning', async () => {
    const ours = await host.qemuImg('resize', 'ours', '1M');
    expect({ ...ours, stderr: ours.stderr.replaceAll('ours', 'theirs') }).toEqual(
      host.real('qemu-img', 'resize', 'theirs', '1M'),
    );
  });
});
