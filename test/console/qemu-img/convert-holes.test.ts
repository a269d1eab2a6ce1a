import { expect, it } from 'vitest';
import type { StorageRun } from '#console';
import { EngineError } from '#engine';
import { forwarding } from '../../tools/forwarding-storage.ts';
import { MemoryHost } from '../memory-host.ts';

const MIB = 1024 * 1024;

/**
 * A host with a disk of 2 MiB whose first half, filled with a byte, is said to be a hole. Counts how often somebody looks
 * for holes.
 */
function sparseHost(allocatedBytes: number, firstHalf: number, failsFrom = Infinity) {
  const host = new MemoryHost();
  host.addFile('disk', new Uint8Array(2 * MIB).fill(firstHalf).fill(8, MIB));
  const looks = { count: 0 };
  const { open } = host.files;
  host.files.open = async (name, mode) => {
    const storage = await open(name, mode);
    if (name !== 'disk') return storage;
    return Object.assign(forwarding(storage), {
      allocatedBytes,
      read: (at: number, into: Uint8Array) => {
        if (at >= failsFrom) throw new EngineError('io', 'Input/output error', { errno: 'EIO' });
        storage.read(at, into);
      },
      runAt: (at: number): StorageRun => {
        looks.count++;
        return at < MIB ? { isHole: true, length: MIB - at } : { isHole: false, length: 2 * MIB - at };
      },
    });
  };
  return { host, looks };
}

it.each([
  ['takes as much of its disk as it is long', 2 * MIB, 7, false],
  ['takes less', MIB, 7, true],
  ['shows zeros where one looks', 2 * MIB, 0, true],
])('a copy of a file that %s', async (_, allocatedBytes, firstHalf, looksForHoles) => {
  const { host, looks } = sparseHost(allocatedBytes, firstHalf);
  expect(await host.qemuImg('convert', '-f', 'raw', '-O', 'qcow2', 'disk', 'copy')).toMatchObject({ code: 0 });
  expect(looks.count > 0).toBe(looksForHoles);
});

it.each([
  ['map', '-f', 'raw', 'disk'],
  ['measure', '-f', 'raw', '-O', 'qcow2', 'disk'],
  ['convert', '-p', '-f', 'raw', '-O', 'qcow2', 'disk', 'copy'],
])('%s tells of each hole, and looks for them', async (...args) => {
  const { host, looks } = sparseHost(2 * MIB, 7);
  expect(await host.qemuImg(...args)).toMatchObject({ code: 0 });
  expect(looks.count).toBeGreaterThan(0);
});

it('a place that cannot be read is told of when it is read', async () => {
  const { host } = sparseHost(2 * MIB, 7, MIB);
  const { stderr } = await host.qemuImg('convert', '-f', 'raw', '-O', 'qcow2', 'disk', 'copy');
  expect(stderr).toBe('qemu-img: error while reading at byte 1048576: Input/output error\n');
});
