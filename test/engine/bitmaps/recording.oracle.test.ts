import { copyFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { closeImage, openImage, readHead, MemoryStorage } from '#engine';
import { loadBits } from '../../../src/engine/bitmaps/load-bits.ts';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';
import { applyOperation, guestOperations, qemuIoCommand } from '../image/operations.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const SIZE = 8 * 1024 * 1024;

/** Name, flags and set bits of the bitmaps of an image. */
function bitmapsOf(storage: MemoryStorage): unknown[] {
  const head = readHead(storage, { writable: false });
  const disk = { virtualSize: head.header.virtualSize, clusterSize: head.geometry.clusterSize };
  return head.bitmaps.map((entry) => [entry.name, entry.flags, [...loadBits(storage, entry, disk).runs()]]);
}

function create(name: string, clusterSize: number): string {
  const file = scratch.create(name, String(SIZE), `cluster_size=${clusterSize}`);
  for (const [bitmap, granularity] of [
    ['fine', '512'],
    ['default', '0'],
    ['coarse', '1M'],
    ['off', '4k'],
  ]) {
    qemuImg('bitmap', '--add', '-g', granularity!, file, bitmap!);
  }
  qemuImg('bitmap', '--disable', file, 'off');
  return file;
}

describe('a session records into persistent bitmaps', () => {
  it.each([512, 65536])('what qemu-io records, with clusters of %i bytes', (clusterSize) => {
    const file = create('theirs.qcow2', clusterSize);
    const start = scratch.path('start.qcow2');
    copyFileSync(file, start);
    const sequence = fc.array(guestOperations({ virtualSize: SIZE, clusterSize }), { minLength: 4, maxLength: 12 });
    for (const operations of fc.sample(sequence, { numRuns: 4, seed: 4711 })) {
      // Compressed writes fail where something is allocated; what a failed write leaves recorded is not prescribed.
      const done = operations.filter(({ kind }) => kind !== 'compressed');
      copyFileSync(start, file);
      qemuIo(file, done.map(qemuIoCommand));
      const ours = scratch.load(start);
      const image = openImage(ours, { writable: true });
      for (const operation of done) applyOperation(image, operation);
      closeImage(image);
      const stored = MemoryStorage.from(ours.toBytes());
      expect(bitmapsOf(stored)).toEqual(bitmapsOf(scratch.load(file)));
      const checked = qemuImg('check', scratch.save('ours.qcow2', stored));
      expect([checked.code, checked.stderr]).toEqual([0, '']);
    }
  });

  it('leaves them alone when nothing is written', () => {
    const storage = scratch.load(create('read.qcow2', 65536));
    const before = storage.toBytes().slice();
    closeImage(openImage(storage, { writable: true }));
    expect(Buffer.compare(storage.toBytes(), before)).toBe(0);
  });
});
