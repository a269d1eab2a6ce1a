import { describe, expect, it } from 'vitest';
import { MemoryHost } from '../memory-host.ts';

const SIZE = 128 * 1024;

async function hostWithChain(): Promise<MemoryHost> {
  const host = new MemoryHost();
  host.addFile('base', new Uint8Array(SIZE).fill(7));
  await host.qemuImg('create', '-f', 'qcow2', '-F', 'raw', '-b', 'base', 'top.qcow2');
  return host;
}

describe('an image under other drivers', () => {
  it.each([
    'driver=raw,file.driver=qcow2,file.file.filename=top.qcow2',
    'driver=blkdebug,image.driver=qcow2,image.file.filename=top.qcow2',
    'driver=raw,file.driver=blkdebug,file.image.driver=qcow2,file.image.file.filename=top.qcow2',
  ])('shows its backing file: %s', async (options) => {
    const host = await hostWithChain();
    const { stderr } = await host.qemuImg('convert', '--image-opts', '-O', 'raw', options, 'copy');
    expect(stderr).toBe('');
    const copy = host.storages.get('copy')!.toBytes();
    expect([copy.length, copy.every((byte) => byte === 7)]).toEqual([SIZE, true]);
  });
});
