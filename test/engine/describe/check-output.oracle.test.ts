import { afterAll, describe, expect, it } from 'vitest';
import { checkImage, checkOutput, drain, type MemoryStorage } from '#engine';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

function ours(storage: MemoryStorage) {
  return checkOutput(drain(checkImage(storage)));
}

function fileWithData(name: string): string {
  const file = scratch.create(name, '64M');
  qemuIo(file, ['write 0 192k', 'write 1M 64k', 'write 512k 64k']);
  return file;
}

/** Damages of a file whose header, refcount table, block, L1, L2 and data follow one another in 64 KiB clusters. */
const DAMAGES: Record<string, (storage: MemoryStorage) => void> = {
  nothing: () => undefined,
  'a leak': (storage) => storage.write(0x20000 + 2 * 20, Uint8Array.of(0, 1)),
  'a corruption': (storage) => storage.write(0x20000 + 2 * 5, Uint8Array.of(0, 0)),
  both: (storage) => {
    storage.write(0x20000 + 2 * 5, Uint8Array.of(0, 0));
    storage.write(0x20000 + 2 * 6, Uint8Array.of(0, 3));
  },
};

describe('the output of a check', () => {
  it.each(Object.keys(DAMAGES))('is that of qemu-img check: %s', (name) => {
    const storage = scratch.load(fileWithData('image.qcow2'));
    storage.truncate(64 * 65536);
    DAMAGES[name]!(storage);
    const { stdout, code } = qemuImg('check', scratch.save('damaged.qcow2', storage));
    expect(ours(storage)).toEqual({ output: stdout, exitCode: code });
  });

  it('is that of qemu-img check: an empty image', () => {
    const file = scratch.create('empty.qcow2', '0');
    const { stdout, code } = qemuImg('check', file);
    expect(ours(scratch.load(file))).toEqual({ output: stdout, exitCode: code });
  });

  it('is that of qemu-img check: a compressed image', () => {
    const file = scratch.create('compressed.qcow2', '64M');
    qemuIo(file, ['write -c 0 64k', 'write -c 64k 64k', 'write 1M 64k']);
    const { stdout, code } = qemuImg('check', file);
    expect(ours(scratch.load(file))).toEqual({ output: stdout, exitCode: code });
  });
});
