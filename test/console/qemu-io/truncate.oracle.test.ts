import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());
beforeEach(() => {
  for (const name of ['ours', 'theirs']) {
    host.real('qemu-img', 'create', '-q', '-f', 'qcow2', `${name}.qcow2`, '4M');
    host.real('qemu-img', 'create', '-q', '-f', 'raw', `${name}.raw`, '4M');
  }
});

/** Runs the command of both programs and the map after it, which shows size and allocation. */
async function expectSame(command: string, optionsFor: (name: string) => string): Promise<void> {
  const theirs = ['-c', command, '-c', 'map', '--image-opts', optionsFor('theirs')];
  expect(await host.qemuIo([command, 'map'], '--image-opts', optionsFor('ours'))).toEqual(
    host.real('qemu-io', ...theirs),
  );
}

describe('truncate', () => {
  const modes = ['off', 'metadata', 'falloc', 'full', 'nonsense'];
  const cases = modes.flatMap((mode) => [`-m ${mode} 5M`, `-m ${mode} 4M`, `-m ${mode} 3M`].map((args) => [args]));

  it.each(cases)('preallocates in qcow2 as it is told: %s', async (args) => {
    await expectSame(`truncate ${args}`, (name) => `driver=qcow2,file.filename=${name}.qcow2`);
  });

  it.each(cases)('preallocates in a file as it is told: %s', async (args) => {
    await expectSame(`truncate ${args}`, (name) => `driver=raw,file.filename=${name}.raw`);
  });

  it('is refused by a disk that keeps nothing', async () => {
    await expectSame('truncate 2G', () => 'driver=null-co');
  });
});
