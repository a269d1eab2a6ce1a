import { afterAll, describe, expect, it } from 'vitest';
import type { MemoryStorage } from '#engine';
import {
  checkImage,
  closeImage,
  discard,
  drain,
  flushImage,
  openImage,
  readAt,
  setU64,
  viewOf,
  writeAt,
  writeZeroes,
} from '#engine';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';
import { unclosable } from './failing-access.ts';

const CLUSTER = 65536;
const scratch = new Scratch();
afterAll(() => scratch.remove());

const filled = (value: number, length = CLUSTER) => new Uint8Array(length).fill(value);

function read(storage: MemoryStorage, at: number, length = CLUSTER): Uint8Array {
  const into = new Uint8Array(length);
  readAt(openImage(storage), at, into);
  return into;
}

describe('an image with internal snapshots', () => {
  it.each(['', 'lazy_refcounts=on', 'compat=0.10', 'extended_l2=on'])('keeps them while written to (%s)', (options) => {
    const file = scratch.create('snapshots.qcow2', '8M', options);
    qemuIo(file, ['write -P 1 0 512k', 'write -c -P 2 1M 64k']);
    qemuImg('snapshot', '-c', 'before', file);

    const storage = scratch.load(file);
    const image = openImage(storage, { writable: true });
    writeAt(image, 100, filled(3, 1000));
    writeAt(image, CLUSTER, filled(4, 2 * CLUSTER));
    discard(image, 4 * CLUSTER, CLUSTER);
    writeZeroes(image, 5 * CLUSTER, CLUSTER);
    writeAt(image, 1024 * 1024 + 512, filled(5, 512));
    closeImage(image);

    const written = scratch.save('written.qcow2', storage);
    expect(qemuImg('check', written).stdout).toContain('No errors were found');
    const raw = scratch.path('snapshot.raw');
    qemuImg('convert', '-l', 'snapshot.name=before', '-O', 'raw', written, raw);
    const untouched = qemuIo(raw, ['read -P 1 0 512k', 'read -P 2 1M 64k'], ['-f', 'raw', '-r']);
    expect(untouched.code, untouched.stdout).toBe(0);
    const active = qemuIo(
      written,
      [
        'read -P 1 0 100',
        'read -P 3 100 1000',
        'read -P 4 64k 128k',
        'read -P 0 256k 128k',
        'read -P 2 1M 512',
        'read -P 5 1049088 512',
      ],
      ['-r'],
    );
    expect(active.code, active.stdout).toBe(0);
  });
});

describe('an image that a killed qemu-io left behind', () => {
  it.each(['lazy_refcounts=on', 'lazy_refcounts=on,cluster_size=512', 'lazy_refcounts=off'])(
    'is repaired as qemu-img repairs it, with all flushed data (%s)',
    (options) => {
      const file = scratch.create('killed.qcow2', '4M', options);
      qemuIo(
        file,
        ['write -P 1 0 200k', 'flush', 'write -P 2 1M 100k', 'flush', 'write -P 3 2M 64k', 'abort'],
        ['-t', 'writeback'],
      );
      const verdict = qemuImg('check', '--output=json', file);
      const storage = scratch.load(file);
      const theirs = JSON.parse(verdict.stdout) as { corruptions?: number; leaks?: number };
      const { counters } = drain(checkImage(storage));
      expect(counters.corruptions).toBe(theirs.corruptions ?? 0);
      expect(counters.leaks).toBe(theirs.leaks ?? 0);

      const image = openImage(unclosable(storage), { writable: true });
      writeAt(image, 3 * 1024 * 1024, filled(4));
      closeImage(image);
      expect(read(storage, 0, 200 * 1024)).toEqual(filled(1, 200 * 1024));
      expect(read(storage, 1024 * 1024, 100 * 1024)).toEqual(filled(2, 100 * 1024));
      const written = scratch.save('repaired.qcow2', storage);
      const check = qemuImg('check', written);
      expect(check.stderr).not.toContain('ERROR');
      expect(check.code === 0 || (check.code === 3 && !options.includes('=on')), check.stdout + check.stderr).toBe(
        true,
      );
    },
  );
});

describe('persistent bitmaps', () => {
  it('are in use from the first write on, and valid again after the close', () => {
    const file = scratch.create('bitmaps.qcow2', '4M');
    qemuImg('bitmap', '--add', file, 'b0');
    const storage = scratch.load(file);
    const image = openImage(storage, { writable: true });
    writeAt(image, 0, filled(1));
    expect(qemuImg('info', scratch.save('open.qcow2', storage)).stdout).toContain('in-use');
    closeImage(image);
    const written = scratch.save('closed.qcow2', storage);
    expect(qemuImg('check', written).stdout).toContain('No errors were found');
    expect(qemuImg('info', written).stdout).not.toContain('in-use');
  });
});

describe('an image whose refcounts are wrong', () => {
  it('refuses the write that would destroy an L2 table, and is marked corrupt', () => {
    const file = scratch.create('wrong.qcow2', '4M');
    qemuIo(file, ['write -P 1 0 64k']);
    const storage = scratch.load(file);
    // The L2 table at cluster 4 gets refcount 0: it looks free.
    storage.write(2 * CLUSTER + 4 * 2, new Uint8Array(2));
    const image = openImage(unclosable(storage), { writable: true });
    expect(() => writeAt(image, 2 * CLUSTER, filled(2))).toThrow('overlaps with active L2 table');
    expect(() => writeAt(image, 0, filled(2))).toThrow('Image is corrupt');
    expect(read(storage, 0)).toEqual(filled(1));
    expect(qemuImg('info', scratch.save('marked.qcow2', storage)).stdout).toContain('corrupt: true');
    expect(() => openImage(storage, { writable: true })).toThrow('Image is corrupt; cannot be opened read/write');
  });

  it('refuses a guest write that an L2 entry leads into the L1 table', () => {
    const file = scratch.create('into-l1.qcow2', '4M');
    qemuIo(file, ['write -P 1 0 64k']);
    const storage = scratch.load(file);
    const entry = new Uint8Array(8);
    setU64(viewOf(entry), 0, 2 ** 63 + 3 * CLUSTER);
    storage.write(4 * CLUSTER, entry);
    const image = openImage(storage, { writable: true });
    expect(() => writeAt(image, 0, filled(2))).toThrow('overlaps with active L1 table');
    expect(() => flushImage(image)).not.toThrow();
  });
});
