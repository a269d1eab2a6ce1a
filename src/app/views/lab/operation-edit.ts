import type { GuestOperation } from '#protocol';

export const OPERATION_KINDS = ['write', 'write-compressed', 'write-zeroes', 'discard', 'flush', 'close'] as const;

/** Enough for every lesson; more would neither fit on the timeline nor be understood there. */
export const OPERATIONS_MAX = 64;

/** A fresh operation of a kind, placed after what the list has written so far, so that adding writes grows the image. */
export function newOperation(
  kind: GuestOperation['kind'],
  existing: readonly GuestOperation[],
  clusterSize: number,
  size: number,
): GuestOperation {
  const length = Math.min(clusterSize, size);
  const end = existing.reduce(
    (most, operation) => Math.max(most, 'at' in operation ? operation.at + operation.length : 0),
    0,
  );
  const next = end + length <= size ? end : 0;
  const last = existing.findLast((operation) => operation.kind === 'write');
  const lastWrite = last !== undefined && 'at' in last ? { at: last.at, length: last.length } : { at: 0, length };
  switch (kind) {
    case 'write':
      return { kind, at: next, length };
    case 'write-compressed':
      return { kind, at: Math.floor(next / clusterSize) * clusterSize, length };
    case 'write-zeroes':
      return { kind, ...lastWrite, unmap: false };
    case 'discard':
      return { kind, ...lastWrite };
    case 'flush':
    case 'close':
      return { kind };
  }
}

/** The same operation as another kind; where it was, if it was anywhere. */
export function withKind(
  operation: GuestOperation,
  kind: GuestOperation['kind'],
  fallback: GuestOperation,
): GuestOperation {
  if (kind === 'flush' || kind === 'close') return { kind };
  const range = 'at' in operation ? operation : 'at' in fallback ? fallback : null;
  const { at, length } = range ?? { at: 0, length: 4096 };
  return kind === 'write-zeroes' ? { kind, at, length, unmap: false } : { kind, at, length };
}

export function withRange(operation: GuestOperation, range: { at?: number; length?: number }): GuestOperation {
  return 'at' in operation ? { ...operation, ...range } : operation;
}

export function inserted<T>(list: readonly T[], index: number, item: T): T[] {
  return list.toSpliced(index, 0, item);
}

export function removed<T>(list: readonly T[], index: number): T[] {
  return list.toSpliced(index, 1);
}

/** The item at `from` stands at `to` afterwards; the list is unchanged where that is outside. */
export function moved<T>(list: readonly T[], from: number, to: number): readonly T[] {
  if (to < 0 || to >= list.length || from === to) return list;
  return list.toSpliced(from, 1).toSpliced(to, 0, list[from]!);
}

export type OperationProblem = 'unaligned' | 'empty' | 'outside' | 'compressed-whole-clusters' | null;

/** What keeps an operation from being run, beside its field. */
export function problemOf(operation: GuestOperation, image: { size: number; clusterSize: number }): OperationProblem {
  if (!('at' in operation)) return null;
  const { at, length } = operation;
  if (at % 512 !== 0 || length % 512 !== 0) return 'unaligned';
  if (length <= 0) return 'empty';
  if (at < 0 || at + length > image.size) return 'outside';
  if (operation.kind === 'write-compressed' && (at % image.clusterSize !== 0 || length % image.clusterSize !== 0)) {
    return 'compressed-whole-clusters';
  }
  return null;
}

/** What an operation came to at a moment. */
export type OperationMark = 'durable' | 'done' | 'interrupted' | 'never';
