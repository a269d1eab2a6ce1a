import { alignDown, alignUp, type HostOffset } from '#engine';
import type { BlockNode, BlockStatus } from './node.ts';

/**
 * What a file says of a place in it, by whole units: one with data is data, although parts of it may be holes too. Behind
 * the end of the file there is nothing but zeros.
 */
export function holeAt(
  file: BlockNode,
  at: HostOffset,
  lengthMax: number,
  unit: number,
): Pick<BlockStatus, 'isZero' | 'length'> {
  const limit = at + lengthMax;
  for (let position = alignDown(at, unit); position < limit;) {
    const hole = wholeHoleFrom(file, position, alignUp(limit, unit), unit);
    if (hole.start < hole.end) {
      if (hole.start > at) return { isZero: false, length: hole.start - at };
      return { isZero: true, length: Math.min(hole.end, limit) - at };
    }
    position = hole.next;
  }
  return { isZero: false, length: lengthMax };
}

/** The whole units of the hole that begins at a place, if any does, and where the next run begins. */
function wholeHoleFrom(file: BlockNode, position: number, end: number, unit: number) {
  const { isZero, length } = file.statusAt(position, end - position);
  const next = position + length >= file.length && isZero ? end : position + length;
  const start = alignUp(position, unit);
  return { start, end: isZero ? alignDown(next, unit) : start, next };
}
