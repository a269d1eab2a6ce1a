import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { imageSource, MemoryStorage, openImage, rawSource, readAt, type CacheMode, type GuestSource } from '#engine';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';
import { applyAll, guestOperations, qemuIoCommand, type GuestOperation } from './operations.ts';
import { SEED } from '../../tools/seed.ts';

interface Variant {
  readonly name: string;
  readonly create: string;
  readonly clusterSize: number;
  readonly virtualSize: number;
  readonly cacheMode?: CacheMode;
  readonly backing?: 'qcow2 longer' | 'qcow2 shorter' | 'raw shorter';
}

const KIB = 1024;
const MIB = 1024 * KIB;

const VARIANTS: readonly Variant[] = [
  { name: 'defaults', create: '', clusterSize: 64 * KIB, virtualSize: 8 * MIB },
  { name: 'lazy', create: 'lazy_refcounts=on', clusterSize: 64 * KIB, virtualSize: 8 * MIB },
  {
    name: 'lazy, 4K, writethrough',
    create: 'lazy_refcounts=on,cluster_size=4k',
    clusterSize: 4 * KIB,
    virtualSize: 6 * MIB,
    cacheMode: 'writethrough',
  },
  {
    name: 'eager, 4K, directsync',
    create: 'cluster_size=4k',
    clusterSize: 4 * KIB,
    virtualSize: 6 * MIB,
    cacheMode: 'directsync',
  },
  { name: 'version 2, 1K', create: 'compat=0.10,cluster_size=1k', clusterSize: KIB, virtualSize: MIB },
  {
    name: '512-byte clusters, size not a multiple',
    create: 'cluster_size=512',
    clusterSize: 512,
    virtualSize: 700 * KIB,
  },
  {
    name: 'disk not a multiple of the cluster size',
    create: 'cluster_size=16k',
    clusterSize: 16 * KIB,
    virtualSize: MIB + 5 * 512,
  },
  { name: '1-bit refcounts', create: 'refcount_bits=1,cluster_size=2k', clusterSize: 2 * KIB, virtualSize: 2 * MIB },
  {
    name: '64-bit refcounts, 512-byte clusters, table growth',
    create: 'refcount_bits=64,cluster_size=512',
    clusterSize: 512,
    virtualSize: 4 * MIB,
  },
  {
    name: '8-bit refcounts, zstd',
    create: 'refcount_bits=8,cluster_size=8k,compression_type=zstd',
    clusterSize: 8 * KIB,
    virtualSize: 2 * MIB,
  },
  { name: 'extended L2', create: 'extended_l2=on,cluster_size=16k', clusterSize: 16 * KIB, virtualSize: 4 * MIB },
  {
    name: 'extended L2, lazy, longer base',
    create: 'extended_l2=on,lazy_refcounts=on',
    clusterSize: 64 * KIB,
    virtualSize: 4 * MIB,
    backing: 'qcow2 longer',
  },
  {
    name: 'extended L2, shorter raw base',
    create: 'extended_l2=on,cluster_size=32k',
    clusterSize: 32 * KIB,
    virtualSize: 4 * MIB,
    backing: 'raw shorter',
  },
  {
    name: 'qcow2 base, longer',
    create: 'cluster_size=4k',
    clusterSize: 4 * KIB,
    virtualSize: 2 * MIB,
    backing: 'qcow2 longer',
  },
  {
    name: 'qcow2 base, shorter, lazy',
    create: 'lazy_refcounts=on',
    clusterSize: 64 * KIB,
    virtualSize: 4 * MIB,
    backing: 'qcow2 shorter',
  },
  {
    name: 'raw base, shorter',
    create: 'cluster_size=8k',
    clusterSize: 8 * KIB,
    virtualSize: 2 * MIB,
    backing: 'raw shorter',
  },
  {
    name: 'version 2 over a base',
    create: 'compat=0.10',
    clusterSize: 64 * KIB,
    virtualSize: 4 * MIB,
    backing: 'qcow2 shorter',
  },
  {
    name: 'metadata preallocated',
    create: 'preallocation=metadata,cluster_size=4k',
    clusterSize: 4 * KIB,
    virtualSize: 2 * MIB,
  },
  { name: 'unsafe', create: 'cluster_size=1k', clusterSize: KIB, virtualSize: 2 * MIB, cacheMode: 'unsafe' },
];

/** Sequences a variant; the default makes more than 2,000 operations in all. */
const SEQUENCES = Number(process.env['QCOW2_WORKBENCH_SEQUENCES'] ?? 4);
const OPERATIONS_MIN = 30;

const scratch = new Scratch();
afterAll(() => scratch.remove());

describe(`random operations, seed ${SEED}`, () => {
  it.each(VARIANTS)('$name: the same contents as qemu-io, clean for qemu-img', (variant) => {
    const base = variant.backing === undefined ? null : makeBase(variant);
    const baseArgs = base === null ? [] : ['-b', base.file, '-F', base.format];
    const empty = scratch.create('empty.qcow2', String(variant.virtualSize), variant.create, ...baseArgs);
    const bytes = scratch.load(empty).toBytes();

    fc.assert(
      fc.property(fc.array(guestOperations(variant), { minLength: OPERATIONS_MIN, maxLength: 40 }), (operations) => {
        const storage = MemoryStorage.from(bytes);
        const ours = scratch.path('ours.qcow2');
        const theirs = scratch.save('theirs.qcow2', storage);
        const image = openImage(storage, {
          writable: true,
          cacheMode: variant.cacheMode ?? 'writeback',
          backing: base?.open() ?? null,
        });
        applyAll(image, operations, ({ kind }) => kind === 'compressed');
        scratch.save('ours.qcow2', storage);

        for (const part of withFreshProcesses(operations)) qemuIo(theirs, part.map(qemuIoCommand), ['-t', 'writeback']);
        const check = qemuImg('check', ours);
        expect(check.stdout + check.stderr, 'qemu-img check').toContain('No errors were found on the image.');
        expect(check.code).toBe(0);
        expect(qemuImg('compare', '-f', 'qcow2', '-F', 'qcow2', ours, theirs).stdout).toBe('Images are identical.\n');
        // Buffer.equals: a deep comparison of megabytes would take minutes.
        expect(readAll(scratch.load(theirs), base).equals(readAll(scratch.load(ours), base)), 'read by us').toBe(true);
      }),
      { seed: SEED, numRuns: SEQUENCES },
    );
  });
});

function readAll(storage: MemoryStorage, base: Base | null): Buffer {
  const image = openImage(storage, { backing: base?.open() ?? null });
  const disk = Buffer.alloc(image.virtualSize);
  readAt(image, 0, disk);
  return disk;
}

/**
 * QEMU 7.2 continues a compressed stream in a host cluster that it has freed in between, and marks its image corrupt. A
 * new process forgets where the last stream ended, so each compressed write gets one.
 */
function withFreshProcesses(operations: readonly GuestOperation[]): GuestOperation[][] {
  const parts: GuestOperation[][] = [[]];
  for (const operation of operations) {
    if (operation.kind === 'compressed') parts.push([]);
    parts.at(-1)!.push(operation);
  }
  return parts;
}

interface Base {
  readonly file: string;
  readonly format: string;
  open(): GuestSource;
}

function makeBase({ backing, virtualSize }: Variant): Base {
  const size = backing === 'qcow2 longer' ? virtualSize + MIB : virtualSize - MIB / 2 - 512 * 3;
  const writes = [`write -q -P 7 0 ${size}`, `write -q -z 64k 128k`, `write -q -P 9 300k 70k`];
  if (backing === 'raw shorter') {
    const file = scratch.path('base.raw');
    qemuImg('create', '-q', '-f', 'raw', file, String(size));
    qemuIo(file, writes, ['-f', 'raw']);
    return { file, format: 'raw', open: () => rawSource(scratch.load(file)) };
  }
  const file = scratch.create('base.qcow2', String(size), 'cluster_size=32k');
  qemuIo(file, writes);
  return { file, format: 'qcow2', open: () => imageSource(openImage(scratch.load(file))) };
}
