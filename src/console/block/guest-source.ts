import type { GuestSource } from '#engine';
import { isZeroWhereAbsent } from './layers.ts';
import type { BlockNode } from './node.ts';

/** A node as what the engine reads where an image holds nothing. */
export function sourceOf(node: BlockNode): GuestSource {
  return {
    get virtualSize() {
      return node.length;
    },
    readAt: (at, into) => node.readAt(at, into),
    zeroRunAt: (at, lengthMax) => {
      const status = node.statusAt(at, lengthMax);
      return status.isZero || (!status.isAllocated && isZeroWhereAbsent(node)) ? status.length : 0;
    },
    close: () => node.close(),
  };
}
