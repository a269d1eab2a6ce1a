import { closeSync, fstatSync, openSync, readSync, rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { createImage } from '../../../src/engine/image/create.ts';
import type { CreateOptions } from '../../../src/engine/image/create-options.ts';
import { isEngineError } from '../../../src/engine/errors.ts';
import { MemoryStorage } from '../../../src/engine/storage/memory.ts';
import { inParallel, startQemuImg } from '../../tools/qemu-batch.ts';
import { Scratch } from '../../tools/qemu.ts';

const K = 1024;
const M = 1024 * K;
const G = 1024 * M;
const T = 1024 * G;
const CLUSTER_SIZES = Array.from({ length: 13 }, (_, index) => 512 << index);
const EXTENDED_CLUSTER_SIZES = CLUSTER_SIZES.filter((clusterSize) => clusterSize >= 16 * K);
const REFCOUNT_BITS = [1, 2, 4, 8, 16, 32, 64];
const scratch = new Scratch();
afterAll(() => scratch.remove());

describe('createImage writes what qemu-img create writes', () => {
  it('for every cluster size and refcount width', async () => {
    await expectSameFiles(product({ clusterSize: CLUSTER_SIZES, refcountBits: REFCOUNT_BITS, size: [64 * M + 512] }));
  });

  it('for sizes from nothing to the largest', async () => {
    const cases = [
      ...product({ clusterSize: [512, 64 * K, 2 * M], size: [0, 1, 511, 512, 1000, 64 * M, G, 128 * G] }),
      ...product({ clusterSize: CLUSTER_SIZES, size: [512 * M, 513 * M, 10 * G, T, 64 * T] }),
    ];
    await expectSameFiles(cases.filter(({ clusterSize, size }) => size <= 2 ** (2 * Math.log2(clusterSize) + 19)));
  });

  it('where refcount blocks and tables have to be added', async () => {
    await expectSameFiles([
      ...product({ clusterSize: [512], refcountBits: REFCOUNT_BITS, size: [256 * M, G, 8 * G] }),
      ...product({ clusterSize: [512], refcountBits: [1, 4, 16], size: [32 * G, 128 * G] }),
      ...product({ clusterSize: [K, 4 * K], refcountBits: [1, 16, 64], size: [64 * G, 512 * G] }),
    ]);
  });

  it('for every combination of version, lazy refcounts, extended L2, compression and backing file', async () => {
    const cases = product({
      clusterSize: [512, 8 * K, 64 * K],
      compat: ['0.10', '1.1'] as const,
      lazyRefcounts: [false, true],
      extendedL2: [false, true],
      compressionType: ['zlib', 'zstd'] as const,
      backing: [null, 'a name with ünïcode.raw', 'n'.repeat(300)],
      size: [513 * M],
    });
    await expectSameFiles(
      cases.map(({ backing, ...options }) =>
        backing === null
          ? options
          : { ...options, backingFile: backing, backingFormat: backing.endsWith('.raw') ? 'raw' : 'qcow2' },
      ),
    );
  });

  it('with preallocated metadata', async () => {
    const cases = [
      ...product({ clusterSize: CLUSTER_SIZES, refcountBits: [1, 16, 64], clusters: [0.01, 37.5, 130] }),
      ...product({
        clusterSize: EXTENDED_CLUSTER_SIZES,
        refcountBits: [8, 32],
        clusters: [0.01, 130],
        extendedL2: [true],
      }),
      ...product({ clusterSize: [512], refcountBits: REFCOUNT_BITS, clusters: [0, 1, 3000] }),
      ...product({ clusterSize: [K, 4 * K, 32 * K], refcountBits: [2, 64], clusters: [5000] }),
    ];
    await expectSameFiles(
      cases.map(({ clusters, ...options }) => ({
        ...options,
        preallocation: 'metadata',
        size: Math.ceil(clusters * options.clusterSize),
      })),
    );
  });

  it('with preallocated metadata across 2 GiB and large L2 tables', async () => {
    await expectSameFiles([
      { size: 5 * G, preallocation: 'metadata' },
      { size: 9 * G, preallocation: 'metadata', clusterSize: 128 * K },
      { size: 5 * G + 512, preallocation: 'metadata', clusterSize: 256 * K, refcountBits: 64 },
      { size: 40 * G, preallocation: 'metadata', clusterSize: 2 * M, refcountBits: 64 },
      { size: 5 * G, preallocation: 'metadata', clusterSize: 256 * K, extendedL2: true, refcountBits: 32 },
      { size: 6 * M, preallocation: 'metadata', clusterSize: 512, refcountBits: 64 },
    ]);
  });
});

describe('createImage refuses what qemu-img create refuses, with its text', () => {
  const wrong: CreateOptions[] = [
    ...[0, 1, 256, 1000, 4 * M].map((clusterSize) => ({ size: M, clusterSize })),
    ...[0, 3, 24, 128].map((refcountBits) => ({ size: M, refcountBits })),
    { size: M, clusterSize: 512, extendedL2: true },
    { size: M, compat: '0.10', extendedL2: true, clusterSize: 512 },
    { size: M, compat: '0.10', extendedL2: true, lazyRefcounts: true, refcountBits: 8 },
    { size: M, compat: '0.10', lazyRefcounts: true, refcountBits: 8, compressionType: 'zstd' },
    { size: M, compat: '0.10', refcountBits: 8, compressionType: 'zstd' },
    { size: M, compat: '0.10', refcountBits: 3 },
    { size: M, compat: '0.10', compressionType: 'zstd', backingFormat: 'qcow2' },
    { size: M, backingFormat: 'qcow2', refcountBits: 3 },
    { size: M, backingFormat: 'qcow2', clusterSize: 3 },
    { size: M, backingFile: 'x', clusterSize: 3 },
    { size: M, backingFile: '', backingFormat: 'raw' },
    { size: M, backingFile: 'x', backingFormat: 'raw', preallocation: 'metadata', refcountBits: 3 },
    { size: M, backingFile: 'n'.repeat(1024), backingFormat: 'raw' },
    { size: M, backingFile: 'n'.repeat(400), backingFormat: 'raw', clusterSize: 512 },
    { size: 4 * K * T, clusterSize: 64 * K },
    { size: 128 * G + 512, clusterSize: 512 },
    { size: 64 * K * T, clusterSize: 256 * K, extendedL2: true },
  ];

  it.each(wrong)('%j', async (options) => {
    const file = scratch.path(`wrong-${wrong.indexOf(options)}`);
    const { code, stderr } = await startQemuImg(...createArguments(file, options));
    expect(code).toBe(1);
    let message = '';
    try {
      createImage(new MemoryStorage(), options);
    } catch (error) {
      if (!isEngineError(error)) throw error;
      message = error.message;
    }
    expect(`qemu-img: ${file}: ${message}`).toBe(stderr.split('\n')[0]);
  });
});

/** Memory that remembers where it was written. */
class NotedStorage extends MemoryStorage {
  readonly writtenRanges: { start: number; length: number }[] = [];

  override write(at: number, bytes: Uint8Array): void {
    this.writtenRanges.push({ start: at, length: bytes.length });
    super.write(at, bytes);
  }
}

async function expectSameFiles(cases: readonly CreateOptions[]): Promise<void> {
  expect(cases.length).toBeGreaterThan(0);
  const differences = await inParallel(cases, async (options, index) => {
    const file = scratch.path(`${expect.getState().currentTestName!.replace(/\W+/g, '-').slice(-40)}-${index}`);
    const { code, stderr } = await startQemuImg(...createArguments(file, options));
    const ours = new NotedStorage();
    let refusal: string | null = null;
    try {
      createImage(ours, options);
    } catch (error) {
      if (!isEngineError(error)) throw error;
      refusal = error.message;
    }
    const difference =
      code !== 0 || refusal !== null ? refusalDifference(stderr, code, refusal) : await fileDifference(file, ours);
    rmSync(file, { force: true });
    return difference === null ? [] : [`${JSON.stringify(options)}: ${difference}`];
  });
  expect(differences.flat().slice(0, 10)).toEqual([]);
}

function refusalDifference(stderr: string, code: number, refusal: string | null): string | null {
  if (code !== 0 && refusal !== null && stderr.split('\n')[0]!.endsWith(refusal)) return null;
  return `qemu-img says ${JSON.stringify(stderr)}, we say ${JSON.stringify(refusal)}`;
}

const CHUNK = 4 * M;

/** The first difference of the whole files. Large files are compared where either has anything but holes. */
async function fileDifference(file: string, ours: NotedStorage): Promise<string | null> {
  const descriptor = openSync(file, 'r');
  try {
    const { size } = fstatSync(descriptor);
    if (size !== ours.size) return `length ${ours.size} instead of ${size}`;
    const ranges = size > 64 * M ? [...(await dataRanges(file)), ...ours.writtenRanges] : [{ start: 0, length: size }];
    for (const { start, length } of ranges) {
      for (let at = start; at < start + length; at += CHUNK) {
        const theirs = new Uint8Array(Math.min(CHUNK, start + length - at, size - at));
        const mine = new Uint8Array(theirs.length);
        readSync(descriptor, theirs, 0, theirs.length, at);
        ours.read(at, mine);
        if (Buffer.compare(mine, theirs) === 0) continue;
        const index = mine.findIndex((byte, position) => byte !== theirs[position]);
        return `byte 0x${(at + index).toString(16)} is ${mine[index]} instead of ${theirs[index]}`;
      }
    }
    return null;
  } finally {
    closeSync(descriptor);
  }
}

async function dataRanges(file: string): Promise<{ start: number; length: number }[]> {
  const { stdout } = await startQemuImg('map', '-f', 'raw', '--output=json', file);
  const extents = JSON.parse(stdout) as { start: number; length: number; data: boolean }[];
  return extents.filter(({ data }) => data);
}

function createArguments(file: string, options: CreateOptions): string[] {
  const names: [string, string | number | boolean | undefined][] = [
    ['compat', options.compat],
    ['cluster_size', options.clusterSize],
    ['refcount_bits', options.refcountBits],
    ['lazy_refcounts', options.lazyRefcounts],
    ['extended_l2', options.extendedL2],
    ['compression_type', options.compressionType],
    ['preallocation', options.preallocation],
  ];
  const pairs = names.flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [`${name}=${value === true ? 'on' : value === false ? 'off' : value}`];
  });
  return [
    ...['create', '-q', '-u', '-f', 'qcow2'],
    ...(pairs.length > 0 ? ['-o', pairs.join(',')] : []),
    ...(options.backingFile === undefined ? [] : ['-b', options.backingFile]),
    ...(options.backingFormat === undefined ? [] : ['-F', options.backingFormat]),
    ...[file, String(options.size)],
  ];
}

/** All combinations of the given values. */
function product<T extends Record<string, readonly unknown[]>>(values: T): { [K in keyof T]: T[K][number] }[] {
  return Object.entries(values).reduce<Record<string, unknown>[]>(
    (rows, [key, column]) => rows.flatMap((row) => column.map((value) => ({ ...row, [key]: value }))),
    [{}],
  ) as { [K in keyof T]: T[K][number] }[];
}
