import { describe, expect, it } from 'vitest';
import { GuestModel, ORIGINAL, ZEROS, type OperationSpan } from '../../../src/lab/guest/guest-model.ts';
import type { GuestOperation } from '#lab';

const WRITE: GuestOperation = { kind: 'write', at: 0, length: 512 };
const DISCARD: GuestOperation = { kind: 'discard', at: 0, length: 512 };
const FLUSH: GuestOperation = { kind: 'flush' };

const op = (operation: number) => ({ kind: 'operation', operation }) as const;

/** Two host events an operation; the flush promises everything. */
function modelOf(operations: GuestOperation[], { isAllocatedBefore = false } = {}) {
  const model = new GuestModel(() => isAllocatedBefore);
  operations.forEach((operation, index) => model.issue(operation, index, op(index)));
  const spans = operations.map(({ kind }, index): OperationSpan => ({
    begin: index * 2,
    end: index * 2 + 2,
    promise: kind === 'flush' ? 'everything' : 'nothing',
  }));
  return { expectAt: (cut: number) => model.expect(0, spans, cut) };
}

describe('what a guest sector may hold after a power cut', () => {
  it('is the old or the new content while nothing was acknowledged', () => {
    const { expectAt } = modelOf([WRITE, FLUSH]);
    expect(expectAt(2)).toEqual({ writtenBy: 0, isAcked: false, isNewestAcked: false, allowed: [ORIGINAL, op(0)] });
  });

  it('is the new content only once a flush was acknowledged', () => {
    const { expectAt } = modelOf([WRITE, FLUSH]);
    expect(expectAt(3).allowed).toEqual([ORIGINAL, op(0)]);
    expect(expectAt(4)).toEqual({ writtenBy: 0, isAcked: true, isNewestAcked: true, allowed: [op(0)] });
  });

  it('is the acknowledged content or that of any later write', () => {
    const { expectAt } = modelOf([WRITE, FLUSH, WRITE, WRITE]);
    expect(expectAt(8)).toMatchObject({ writtenBy: 3, isAcked: true, isNewestAcked: false });
    expect(expectAt(8).allowed).toEqual([op(0), op(2), op(3)]);
  });

  it('does not include a write that had not begun', () => {
    const { expectAt } = modelOf([WRITE, FLUSH, WRITE]);
    expect(expectAt(4).allowed).toEqual([op(0)]);
    expect(expectAt(5).allowed).toEqual([op(0), op(2)]);
  });

  it('may be what was discarded, even after a flush, since a discard is a hint', () => {
    const { expectAt } = modelOf([WRITE, DISCARD, FLUSH]);
    expect(expectAt(6).allowed).toEqual([op(0), ZEROS]);
  });

  it('counts what stood in the image before the recording as acknowledged', () => {
    expect(modelOf([WRITE], { isAllocatedBefore: true }).expectAt(2).isAcked).toBe(true);
    expect(modelOf([WRITE], { isAllocatedBefore: false }).expectAt(2).isAcked).toBe(false);
  });
});
