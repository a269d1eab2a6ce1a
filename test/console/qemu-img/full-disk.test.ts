import { afterEach, beforeEach, expect, it } from 'vitest';
import { FullStorage } from '../../engine/image/full-storage.ts';
import { CapturingHost } from '../capturing-host.ts';
import { MemoryHost } from '../memory-host.ts';

// What the real programs say on a file system that is full at 600 KiB.

const ROOM = 600 * 1024;

/** A host whose files cannot become longer than the room that there is. */
function fullHost() {
  const { storages, files } = new MemoryHost();
  const limited = (name: string) => new FullStorage(storages.get(name)!, ROOM);
  const host = new CapturingHost({
    ...files,
    create: async (name) => {
      await files.create(name);
      return limited(name);
    },
    open: async (name, mode) => (mode === 'read' ? files.open(name, mode) : limited(name)),
  });
  return { host, storages };
}

let { host, storages } = fullHost();
beforeEach(() => ({ host, storages } = fullHost()));
afterEach(() => storages.clear());

const NO_SPACE = 'No space left on device\n';

it.each([
  [
    'full',
    'qcow2',
    'Could not resize image: Failed to resize underlying file: Could not write zeros for preallocation: ',
  ],
  ['falloc', 'qcow2', 'Could not resize image: Failed to resize underlying file: Could not preallocate new data: '],
  ['full', 'raw', 'Could not write zeros for preallocation: '],
  ['falloc', 'raw', 'Could not preallocate new data: '],
])('create with preallocation=%s of %s', async (mode, format, text) => {
  const { code, stderr } = await host.qemuImg('create', '-q', '-f', format, '-o', `preallocation=${mode}`, 'q', '1M');
  expect({ code, stderr }).toEqual({ code: 1, stderr: `qemu-img: q: ${text}${NO_SPACE}` });
  expect(storages.has('q')).toBe(false);
});

it.each([
  [
    ['resize', '--preallocation=full', 'q', '2M'],
    'Failed to resize underlying file: Could not write zeros for preallocation: ',
  ],
  [
    ['resize', '--preallocation=falloc', 'q', '2M'],
    'Failed to resize underlying file: Could not preallocate new data: ',
  ],
  [['resize', 'q', '400G'], 'Failed to grow the L1 table: '],
])('%j', async (args, text) => {
  await host.qemuImg('create', '-q', '-f', 'qcow2', '-o', 'cluster_size=4k', 'q', '1M');
  const { code, stderr } = await host.qemuImg(...args);
  expect({ code, stderr }).toEqual({ code: 1, stderr: `qemu-img: ${text}${NO_SPACE}` });
  expect((await host.qemuImg('check', 'q')).code).toBe(0);
  expect((await host.qemuImg('info', 'q')).stdout).toContain('virtual size: 1 MiB (1048576 bytes)');
});
