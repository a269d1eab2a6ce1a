import { describe, expect, it } from 'vitest';
import { openBlock, type BlockNode } from '#console';
import { MemoryHost } from '../memory-host.ts';

const FLAGS = { writable: false, cacheMode: 'writeback' } as const;

async function hostWithChain(): Promise<MemoryHost> {
  const host = new MemoryHost();
  host.addFile('base', new Uint8Array(1024 * 1024).fill(7));
  await host.qemuImg('create', '-f', 'qcow2', '-F', 'raw', '-b', 'base', 'top.qcow2');
  return host;
}

/** Drivers from the top down to the lowest file, then those of the backing chain. */
function drivers(node: BlockNode | null): string[] {
  if (node === null) return [];
  return [node.driver, ...drivers(node.file), ...drivers(node.backing)];
}

describe('opening a block graph', () => {
  it('looks at the first bytes for the format, and opens the backing chain', async () => {
    const node = await openBlock(await hostWithChain(), { filename: 'top.qcow2', flags: FLAGS });
    expect(drivers(node)).toEqual(['qcow2', 'file', 'raw', 'file']);
    const bytes = new Uint8Array(4);
    node.readAt(0, bytes);
    expect([...bytes]).toEqual([7, 7, 7, 7]);
    node.close();
  });

  it('takes the driver that it is told', async () => {
    const node = await openBlock(await hostWithChain(), { filename: 'top.qcow2', format: 'raw', flags: FLAGS });
    expect(drivers(node)).toEqual(['raw', 'file']);
    node.close();
  });

  it('puts layers over each other as options say', async () => {
    const options = new Map([
      ['driver', 'raw'],
      ['file.driver', 'qcow2'],
      ['file.file.filename', 'top.qcow2'],
    ]);
    const node = await openBlock(await hostWithChain(), { filename: null, options, flags: FLAGS });
    expect(drivers(node)).toEqual(['raw', 'qcow2', 'file', 'raw', 'file']);
    node.close();
  });

  it('closes what it had opened when a later part fails', async () => {
    const host = await hostWithChain();
    host.storages.delete('base');
    const closed: string[] = [];
    const { open } = host.files;
    const watching = {
      ...host.files,
      open: async (name: string, mode: 'read' | 'write') => {
        const storage = await open(name, mode);
        storage.close = () => closed.push(name);
        return storage;
      },
    };
    Object.assign(host, { files: watching });
    await expect(openBlock(host, { filename: 'top.qcow2', flags: FLAGS })).rejects.toThrow(
      "Could not open backing file: Could not open 'base': No such file or directory",
    );
    expect(closed).toEqual(['top.qcow2']);
  });

  it('refuses drivers and options that nobody knows', async () => {
    const host = await hostWithChain();
    await expect(openBlock(host, { filename: 'base', format: 'foo', flags: FLAGS })).rejects.toThrow(
      "Unknown driver 'foo'",
    );
    const options = new Map([['no-such-option', 'on']]);
    await expect(openBlock(host, { filename: 'top.qcow2', options, flags: FLAGS })).rejects.toThrow(
      "Block format 'qcow2' does not support the option 'no-such-option'",
    );
  });
});
