import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());
beforeAll(() => {
  const create = (name: string, size: string, ...writes: readonly string[]) => {
    host.real('qemu-img', 'create', '-q', '-f', 'qcow2', name, size);
    host.real('qemu-io', ...writes.flatMap((write) => ['-c', `write -q ${write}`]), name);
  };
  create('a', '10M', '0 3M', '5M 1M');
  create('same', '10M', '0 3M', '5M 1M');
  create('other', '10M', '0 3M', '5M 1M', '-P 3 5632k 1k');
  create('short', '3000k', '0 3000k');
  create('odd', '7M', '100k 512k', '6M 64k');
  create('empty', '9M');
});

describe('compare -p', () => {
  it.each([
    ['a', 'same'],
    ['a', 'other'],
    ['short', 'a'],
    ['odd', 'odd'],
    ['odd', 'short'],
    ['empty', 'a'],
  ])('shows the percentages of QEMU: %s and %s', async (one, other) => {
    const args = ['compare', '-p', one, other];
    expect(await host.qemuImg(...args)).toEqual(host.real('qemu-img', ...args));
  });
});
