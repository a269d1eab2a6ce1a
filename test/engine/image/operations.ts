import fc from 'fast-check';
import { closeImage, discard, flushImage, writeAt, writeCompressed, writeZeroes, type Image } from '#engine';

/** A guest operation that both our engine and qemu-io can do. Bytes; `pattern` fills the written range. */
export type GuestOperation =
  | { readonly kind: 'write'; readonly at: number; readonly length: number; readonly pattern: number }
  | { readonly kind: 'zero'; readonly at: number; readonly length: number; readonly unmap: boolean }
  | { readonly kind: 'discard'; readonly at: number; readonly length: number }
  | { readonly kind: 'compressed'; readonly at: number; readonly length: number; readonly pattern: number }
  | { readonly kind: 'flush' };

export function applyOperation(image: Image, operation: GuestOperation): void {
  switch (operation.kind) {
    case 'write':
      return writeAt(image, operation.at, new Uint8Array(operation.length).fill(operation.pattern));
    case 'zero':
      return writeZeroes(image, operation.at, operation.length, { unmap: operation.unmap });
    case 'discard':
      return discard(image, operation.at, operation.length);
    case 'compressed':
      return writeCompressed(image, operation.at, new Uint8Array(operation.length).fill(operation.pattern));
    case 'flush':
      return flushImage(image);
  }
}

export function qemuIoCommand(operation: GuestOperation): string {
  switch (operation.kind) {
    case 'write':
      return `write -q -P ${operation.pattern} ${operation.at} ${operation.length}`;
    case 'zero':
      return `write -q -z ${operation.unmap ? '-u ' : ''}${operation.at} ${operation.length}`;
    case 'discard':
      return `discard -q ${operation.at} ${operation.length}`;
    case 'compressed':
      return `write -q -c -P ${operation.pattern} ${operation.at} ${operation.length}`;
    case 'flush':
      return 'flush';
  }
}

/** What the generated operations aim at. */
export interface Target {
  readonly virtualSize: number;
  readonly clusterSize: number;
}

/**
 * Operations in 512-byte units, most of them near cluster borders and near one another, so that they meet in the same
 * clusters and tables.
 */
export function guestOperations({ virtualSize, clusterSize }: Target): fc.Arbitrary<GuestOperation> {
  const sectors = virtualSize / 512;
  const sectorsPerCluster = clusterSize / 512;
  const clusters = Math.floor(virtualSize / clusterSize);
  const hotClusters = Math.min(clusters, 24);
  const range = fc
    .record({
      cluster: fc.oneof(
        { weight: 4, arbitrary: fc.nat(hotClusters - 1) },
        { weight: 1, arbitrary: fc.nat(clusters - 1) },
      ),
      skip: fc.oneof(fc.constant(0), fc.nat(sectorsPerCluster - 1)),
      length: fc.oneof(
        fc.constant(sectorsPerCluster),
        fc.integer({ min: 1, max: Math.max(2, sectorsPerCluster) }),
        fc.integer({ min: 1, max: sectorsPerCluster * 6 }),
      ),
    })
    .map(({ cluster, skip, length }) => {
      const first = cluster * sectorsPerCluster + skip;
      return { at: first * 512, length: Math.min(length, sectors - first) * 512 };
    });
  const pattern = fc.integer({ min: 1, max: 255 });
  return fc.oneof(
    { weight: 8, arbitrary: fc.tuple(range, pattern).map(([r, p]) => ({ kind: 'write' as const, ...r, pattern: p })) },
    {
      weight: 2,
      arbitrary: fc.tuple(range, fc.boolean()).map(([r, unmap]) => ({ kind: 'zero' as const, ...r, unmap })),
    },
    { weight: 2, arbitrary: range.map((r) => ({ kind: 'discard' as const, ...r })) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.nat(clusters - 1), pattern).map(([cluster, p]) => ({
        kind: 'compressed' as const,
        at: cluster * clusterSize,
        length: clusterSize,
        pattern: p,
      })),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'flush' as const }) },
  );
}

/** Runs operations; those that the format forbids (compressing an allocated cluster) fail alike in qemu-io. */
export function applyAll(
  image: Image,
  operations: readonly GuestOperation[],
  mayFail: (o: GuestOperation) => boolean,
): void {
  for (const operation of operations) {
    try {
      applyOperation(image, operation);
    } catch (error) {
      if (!mayFail(operation)) throw error;
    }
  }
  closeImage(image);
}
