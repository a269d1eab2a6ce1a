import type { GuestOperation } from '#protocol';
import { describe, expect, it } from 'vitest';
import {
  moved,
  newOperation,
  problemOf,
  removed,
  withKind,
  withRange,
} from '../../../src/app/views/lab/operation-edit.ts';

const image = { size: 1 << 20, clusterSize: 4096 };
const first: GuestOperation = { kind: 'write', at: 0, length: 4096 };

describe('a new operation', () => {
  it('writes behind what was written before', () => {
    expect(newOperation('write', [first], 4096, image.size)).toEqual({ kind: 'write', at: 4096, length: 4096 });
  });

  it('starts again at 0 where the disk is full', () => {
    const full: GuestOperation = { kind: 'write', at: 0, length: image.size };
    expect(newOperation('write', [full], 4096, image.size)).toEqual({ kind: 'write', at: 0, length: 4096 });
  });

  it('discards and zeroes what was written last', () => {
    const last: GuestOperation = { kind: 'write', at: 8192, length: 512 };
    expect(newOperation('discard', [first, last, { kind: 'flush' }], 4096, image.size)).toEqual({
      kind: 'discard',
      at: 8192,
      length: 512,
    });
    expect(newOperation('write-zeroes', [last], 4096, image.size)).toMatchObject({
      at: 8192,
      length: 512,
      unmap: false,
    });
  });
});

describe('changing an operation', () => {
  it('keeps its place when it becomes another kind', () => {
    expect(withKind(first, 'discard', first)).toEqual({ kind: 'discard', at: 0, length: 4096 });
    expect(withKind(first, 'flush', first)).toEqual({ kind: 'flush' });
  });

  it('takes the fallback’s place when it had none', () => {
    const fallback: GuestOperation = { kind: 'write', at: 512, length: 1024 };
    expect(withKind({ kind: 'flush' }, 'write', fallback)).toEqual(fallback);
  });

  it('leaves operations without a place alone', () => {
    expect(withRange({ kind: 'close' }, { at: 512 })).toEqual({ kind: 'close' });
  });
});

describe('the list', () => {
  it('moves an item and keeps the others in order', () => {
    expect(moved(['a', 'b', 'c'], 0, 2)).toEqual(['b', 'c', 'a']);
    expect(moved(['a', 'b', 'c'], 2, 0)).toEqual(['c', 'a', 'b']);
  });

  it('does not move anything out of itself', () => {
    const list = ['a', 'b'];
    expect(moved(list, 0, -1)).toBe(list);
    expect(moved(list, 1, 2)).toBe(list);
  });

  it('removes one', () => {
    expect(removed(['a', 'b', 'c'], 1)).toEqual(['a', 'c']);
  });
});

describe('what keeps an operation from being run', () => {
  it.each<[GuestOperation, ReturnType<typeof problemOf>]>([
    [first, null],
    [{ kind: 'flush' }, null],
    [{ kind: 'write', at: 100, length: 512 }, 'unaligned'],
    [{ kind: 'write', at: 0, length: 0 }, 'empty'],
    [{ kind: 'discard', at: image.size - 512, length: 1024 }, 'outside'],
    [{ kind: 'write-compressed', at: 512, length: 4096 }, 'compressed-whole-clusters'],
    [{ kind: 'write-compressed', at: 4096, length: 8192 }, null],
  ])('%j: %s', (operation, problem) => {
    expect(problemOf(operation, image)).toBe(problem);
  });
});
