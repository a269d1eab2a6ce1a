import { copyFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());

const SECRET = ['--object', 'secret,id=s,data=hush'];

it.each([
  ['qcow2', 'encrypt.', ['-o', 'encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10']],
  ['luks', '', ['-o', 'key-secret=s,iter-time=10']],
])('tells which key slot of %s could not be written', async (format, prefix, options) => {
  // Ours makes the image: on a busy machine QEMU may fail to measure how fast it derives keys.
  const made = await host.qemuImg('create', '-q', '-f', format, ...SECRET, ...options, 'sound', '1M');
  expect(made).toMatchObject({ code: 0 });
  const run = async (program: (...args: string[]) => Promise<{ stderr: string; code: number }>) => {
    copyFileSync(host.path('sound'), host.path('disk'));
    const blkdebug = 'file.driver=blkdebug,file.image.filename=disk,file.inject-error.0.event=pwritev';
    return program(
      'amend',
      ...SECRET,
      '--image-opts',
      '-o',
      `${prefix}state=active,${prefix}new-secret=s,${prefix}iter-time=10`,
      `driver=${format},${prefix}key-secret=s,${blkdebug}`,
    );
  };
  const theirs = await run((...args) => Promise.resolve(host.real('qemu-img', ...args)));
  if (theirs.stderr.includes('CPU usage')) return;
  const ours = await run((...args) => host.qemuImg(...args));
  expect(ours.code).toBe(theirs.code);
  // QEMU does not end its last line, and says of other tables afterwards that it could not write them at the close either.
  const lines = /qemu-img: Could not (?:read|write) encryption header: .*\nFailed to write to keyslot 1/;
  expect(theirs.stderr).toMatch(lines);
  expect(lines.exec(ours.stderr)).toEqual(expect.arrayContaining([lines.exec(theirs.stderr)![0]]));
});
