import { readFileSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  checkImage,
  closeImage,
  createImage,
  drain,
  MemoryStorage,
  openImage,
  resizeImage,
  writeAt,
  type CreateOptions,
  type Preallocation,
} from '#engine';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';
import { applyAll, guestOperations, qemuIoCommand } from './operations.ts';
import { SEED } from '../../tools/seed.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const SEQUENCES = Number(process.env['QCOW2_WORKBENCH_SEQUENCES'] ?? 2);

const scratch = new Scratch();
afterAll(() => scratch.remove());

/** The name that the header holds; QEMU looks for it in the working folder, so it is a whole path. */
const dataPath = scratch.path('data.raw');

interface Variant {
  readonly name: string;
  readonly create: string;
  readonly options: Partial<CreateOptions>;
}

const VARIANTS: readonly Variant[] = [
  { name: 'data file', create: '', options: {} },
  { name: 'raw data file', create: ',data_file_raw=on', options: { dataFileRaw: true } },
  { name: 'extended L2', create: ',extended_l2=on', options: { extendedL2: true } },
  {
    name: 'lazy, 4K',
    create: ',lazy_refcounts=on,cluster_size=4k',
    options: { lazyRefcounts: true, clusterSize: 4096 },
  },
];

describe.each(VARIANTS)('$name', ({ create, options }) => {
  const size = 2 * MIB;
  const clusterSize = options.clusterSize ?? 64 * KIB;

  it.each<Preallocation>(['off', 'metadata', 'falloc', 'full'])(
    'is created as by qemu-img, preallocation %s',
    (mode) => {
      const theirs = scratch.create(
        'theirs.qcow2',
        String(size),
        `data_file=${dataPath}${create},preallocation=${mode}`,
      );
      const [ours, data] = [new MemoryStorage(), new MemoryStorage()];
      createImage(ours, { size, dataFile: dataPath, preallocation: mode, ...options }, data);
      expect(Buffer.from(ours.toBytes()).equals(readFileSync(theirs)), 'the image, byte for byte').toBe(true);
      expect(data.size).toBe(size);
    },
  );

  it(`holds what qemu-io writes, seed ${SEED}`, () => {
    fc.assert(
      fc.property(
        fc.array(guestOperations({ virtualSize: size, clusterSize }), { minLength: 20, maxLength: 30 }),
        (all) => {
          const operations = all.filter(({ kind }) => kind !== 'compressed');
          const [ours, data] = [new MemoryStorage(), new MemoryStorage()];
          createImage(ours, { size, dataFile: dataPath, ...options }, data);
          applyAll(openImage(ours, { writable: true, dataStorage: data }), operations, () => false);
          const file = scratch.save('ours.qcow2', ours);
          writeFileSync(dataPath, data.toBytes());
          expect(qemuImg('check', file)).toMatchObject({ code: 0 });
          // Host offsets of the other file are no clusters of this one.
          expect(drain(checkImage(MemoryStorage.from(ours.toBytes()))).counters).toMatchObject({
            corruptions: 0,
            leaks: 0,
            checkErrors: 0,
          });
          const raw = scratch.path('ours.raw');
          qemuImg('convert', '-O', 'raw', file, raw);

          const theirs = scratch.create('theirs.qcow2', String(size), `data_file=${dataPath}${create}`);
          qemuIo(theirs, operations.map(qemuIoCommand), ['-t', 'writeback']);
          expect(qemuImg('compare', '-f', 'qcow2', '-F', 'raw', theirs, raw).stdout).toBe('Images are identical.\n');
          if (options.dataFileRaw !== true) return;
          expect(Buffer.from(data.toBytes()).equals(readFileSync(raw)), 'the data file by itself').toBe(true);
        },
      ),
      { seed: SEED, numRuns: SEQUENCES },
    );
  });
});

describe('refusals', () => {
  const [image, data] = [new MemoryStorage(), new MemoryStorage()];
  createImage(image, { size: MIB, dataFile: dataPath }, data);

  it('is not opened without its data file', () => {
    expect(() => openImage(image)).toThrow("'data-file' is required for this image");
    const plain = new MemoryStorage();
    createImage(plain, { size: MIB });
    expect(() => openImage(plain, { dataStorage: data })).toThrow(
      "'data-file' can only be set for images with an external data file",
    );
  });
});

describe.each(['', 'cluster_size=512', 'extended_l2=on', 'refcount_bits=64,cluster_size=4k'])(
  'growth, %s',
  (create) => {
    it.each<[Preallocation, number]>([
      ['metadata', 300 * KIB],
      ['falloc', 300 * KIB],
      ['full', 5 * MIB],
    ])('with preallocation %s', (mode, growth) => {
      const from = MIB + 31 * KIB;
      const theirs = scratch.create('theirs.qcow2', String(from), create);
      qemuIo(theirs, ['write -q -P 7 1M 20k', 'write -q -P 8 100k 64k']);
      const storage = scratch.load(theirs);
      qemuImg('resize', '-q', `--preallocation=${mode}`, theirs, String(from + growth));

      const image = openImage(storage, { writable: true });
      resizeImage(image, from + growth, mode);
      closeImage(image);
      const ours = scratch.save('ours.qcow2', storage);
      expect(qemuImg('check', ours)).toMatchObject({ code: 0 });
      expect(qemuImg('compare', ours, theirs).stdout).toBe('Images are identical.\n');

      // The new space is there already: filling it changes neither mapping nor length.
      const before = storage.size;
      const again = openImage(MemoryStorage.from(storage.toBytes()), { writable: true });
      writeAt(again, from, new Uint8Array(growth).fill(1));
      closeImage(again);
      expect(again.storage.size).toBe(before);
    });
  },
);
