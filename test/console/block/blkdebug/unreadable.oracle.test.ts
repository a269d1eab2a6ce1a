import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FolderHost, withoutTimes } from '../../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());
beforeEach(() => {
  for (const name of ['ours', 'theirs']) host.real('qemu-img', 'create', '-q', '-f', 'qcow2', name, '4M');
});

function optionsOf(name: string, rule: string, format = 'driver=qcow2,'): string {
  const rules = rule.split(',').map((option) => `file.inject-error.0.${option}`);
  return `${format}file.driver=blkdebug,file.image.filename=${name},${rules.join()}`;
}

/** Lets accesses of a kind fail, and expects both programs to say the same. */
async function expectSame(rule: string, commands: readonly string[], format?: string): Promise<void> {
  const args = commands.flatMap((command) => ['-c', command]);
  const theirs = host.real('qemu-io', ...args, '--image-opts', optionsOf('theirs', rule, format));
  expect(withoutTimes(await host.qemuIo(commands, '--image-opts', optionsOf('ours', rule, format)))).toEqual(
    withoutTimes(theirs),
  );
}

describe('an image of which something cannot be read', () => {
  it.each([
    ['the header', 'event=none,iotype=read,sector=0'],
    ['the refcount table', 'event=none,iotype=read,sector=128'],
    ['the refcount table, at its event', 'event=reftable_load,iotype=read,errno=28'],
    ['the L1 table', 'event=none,iotype=read,sector=384'],
  ])('is not opened, which names %s', async (_, rule) => {
    await expectSame(rule, ['read 0 512']);
  });

  it('is not opened where its format has to be found', async () => {
    await expectSame('event=none,iotype=read,sector=0', ['read 0 512'], '');
  });
});

describe('an image whose header cannot be written', () => {
  it('keeps its size', async () => {
    await expectSame('event=none,iotype=write,once=on', ['truncate 5M']);
    // Until it is closed, QEMU goes on with the new size.
    expect(host.real('qemu-img', 'info', 'theirs').stdout).toContain('virtual size: 4 MiB');
    const args = ['--image-opts', optionsOf('ours', 'event=none,iotype=write,once=on')];
    expect((await host.qemuIo(['truncate 5M', 'length'], ...args)).stdout).toBe('4 MiB\n');
  });
});
