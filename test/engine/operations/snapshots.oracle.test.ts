import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  applySnapshot,
  closeImage,
  createSnapshot,
  deleteSnapshot,
  imageSource,
  MemoryStorage,
  openImage,
  resizeImage,
  type Image,
} from '#engine';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';
import { applyOperation, guestOperations, qemuIoCommand, type GuestOperation } from '../image/operations.ts';
import { SEED } from '../../tools/seed.ts';

const SEQUENCES = Number(process.env['QCOW2_WORKBENCH_SEQUENCES'] ?? 3);

const scratch = new Scratch();
afterAll(() => scratch.remove());

type Step =
  | { readonly kind: 'guest'; readonly operation: GuestOperation }
  | { readonly kind: 'create' }
  | { readonly kind: 'apply'; readonly index: number }
  | { readonly kind: 'delete'; readonly index: number };

const VARIANTS = [
  { name: 'defaults', options: '', clusterSize: 65536, virtualSize: 4 * 1024 * 1024 },
  { name: 'lazy, 4K', options: 'lazy_refcounts=on,cluster_size=4k', clusterSize: 4096, virtualSize: 2 * 1024 * 1024 },
  { name: 'version 2, 1K', options: 'compat=0.10,cluster_size=1k', clusterSize: 1024, virtualSize: 512 * 1024 },
  { name: 'extended L2', options: 'extended_l2=on,cluster_size=16k', clusterSize: 16384, virtualSize: 2 * 1024 * 1024 },
  { name: '8-bit refcounts', options: 'refcount_bits=8,cluster_size=2k', clusterSize: 2048, virtualSize: 512 * 1024 },
];

describe(`snapshots, seed ${SEED}`, () => {
  it.each(VARIANTS)('$name: contents and snapshots as qemu-img makes them', (variant) => {
    const bytes = scratch.load(scratch.create('empty.qcow2', String(variant.virtualSize), variant.options)).toBytes();
    const guest = guestOperations(variant)
      .filter(({ kind }) => kind !== 'compressed')
      .map((operation) => ({ kind: 'guest' as const, operation }));
    const step: fc.Arbitrary<Step> = fc.oneof(
      { weight: 6, arbitrary: guest },
      { weight: 2, arbitrary: fc.constant({ kind: 'create' as const }) },
      { weight: 1, arbitrary: fc.nat(3).map((index) => ({ kind: 'apply' as const, index })) },
      { weight: 1, arbitrary: fc.nat(3).map((index) => ({ kind: 'delete' as const, index })) },
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 12, maxLength: 24 }), (steps) => {
        const storage = MemoryStorage.from(bytes);
        const theirs = scratch.save('theirs.qcow2', storage);
        const image = openImage(storage, { writable: true });
        let made = 0;
        for (const one of steps) made = applyStep(image, theirs, one, made);
        const names = image.snapshots.map(({ name }) => name);
        closeImage(image);
        const ours = scratch.save('ours.qcow2', storage);

        const check = qemuImg('check', ours);
        expect(check.stdout + check.stderr).toContain('No errors were found');
        expect(qemuImg('compare', ours, theirs).stdout).toBe('Images are identical.\n');
        expect(snapshotNames(ours)).toEqual(snapshotNames(theirs));
        for (const name of names) {
          const [a, b] = [ours, theirs].map((file, index) => convertSnapshot(file, name, index));
          expect(qemuImg('compare', '-f', 'raw', '-F', 'raw', a!, b!).stdout, name).toBe('Images are identical.\n');
        }
      }),
      { seed: SEED, numRuns: SEQUENCES },
    );
  });

  it('refuses a snapshot that 1-bit refcounts cannot count, and leaves the disk as it was', () => {
    const file = scratch.create('one-bit.qcow2', '1M', 'refcount_bits=1');
    qemuIo(file, ['write -P 1 0 64k']);
    const storage = scratch.load(file);
    const before = storage.toBytes();
    const image = openImage(storage, { writable: true });
    expect(() => createSnapshot(image, { name: 's', dateSeconds: 0, dateNanoseconds: 0 })).toThrow(
      'The disk is as it was',
    );
    expect(image.snapshots).toEqual([]);
    expect(storage.toBytes().subarray(0, 65536)).toEqual(before.subarray(0, 65536));
  });
});

describe('resizing', () => {
  it.each(['', 'cluster_size=512', 'compat=0.10', 'extended_l2=on', 'refcount_bits=64,cluster_size=1k'])(
    'grows and shrinks as qemu-img resize does (%s)',
    (options) => {
      const file = scratch.create('resize.qcow2', '3M', options);
      qemuIo(file, ['write -P 1 0 1M', 'write -P 2 2M 1M']);
      for (const size of [8 * 1024 * 1024, 2560 * 1024, 1024 * 1024 + 512, 64 * 1024 * 1024]) {
        const storage = scratch.load(file);
        const image = openImage(storage, { writable: true });
        resizeImage(image, size);
        closeImage(image);
        const ours = scratch.save('resized.qcow2', storage);
        qemuImg('resize', '-q', '--shrink', file, String(size));
        expect(qemuImg('check', ours).stdout).toContain('No errors were found');
        expect(qemuImg('compare', '-s', ours, file).stdout).toBe('Images are identical.\n');
      }
    },
  );

  it('writes zeros over a longer backing file where version 2 has no flag for them, which qemu-img refuses', () => {
    const base = scratch.create('longer.qcow2', '1M');
    qemuIo(base, ['write -P 7 0 1M']);
    const file = scratch.create('version2.qcow2', '512k', 'compat=0.10', '-b', base, '-F', 'qcow2');
    const storage = scratch.load(file);
    const image = openImage(storage, { writable: true, backing: imageSource(openImage(scratch.load(base))) });
    resizeImage(image, 800 * 1024);
    closeImage(image);
    const ours = scratch.save('grown.qcow2', storage);
    expect(qemuIo(ours, ['read -P 7 0 512k', 'read -P 0 512k 288k']).stdout).not.toContain('failed');
    expect(qemuImg('check', ours).stdout).toContain('No errors were found');
    expect(qemuImg('resize', file, '800k').stderr).toContain('Failed to zero out new clusters');
  });
});

function applyStep(image: Image, theirs: string, step: Step, made: number): number {
  switch (step.kind) {
    case 'guest':
      applyOperation(image, step.operation);
      qemuIo(theirs, [qemuIoCommand(step.operation)], ['-t', 'writeback']);
      return made;
    case 'create':
      createSnapshot(image, { name: `s${made}`, dateSeconds: 1, dateNanoseconds: 0 });
      qemuImg('snapshot', '-c', `s${made}`, theirs);
      return made + 1;
    case 'apply':
    case 'delete': {
      const snapshot = image.snapshots[step.index % Math.max(1, image.snapshots.length)];
      if (snapshot === undefined) return made;
      if (step.kind === 'apply') applySnapshot(image, snapshot);
      else deleteSnapshot(image, snapshot);
      qemuImg('snapshot', step.kind === 'apply' ? '-a' : '-d', snapshot.name, theirs);
      return made;
    }
  }
}

function snapshotNames(file: string): string[] {
  return [...qemuImg('snapshot', '-l', file).stdout.matchAll(/^(\d+) +(s\d+) /gm)].map(
    ([, id, name]) => `${id} ${name}`,
  );
}

function convertSnapshot(file: string, name: string, index: number): string {
  const raw = scratch.path(`snapshot-${index}.raw`);
  qemuImg('convert', '-l', `snapshot.name=${name}`, '-O', 'raw', file, raw);
  return raw;
}
