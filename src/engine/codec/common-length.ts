import { source } from './scratch.ts';

/**
 * How many bytes of the source from `from` and from `at` on are the same, at most `lengthMax`; the first four are known to be. Reads up to
 * three bytes beyond.
 */
export function commonLength(from: number, at: number, lengthMax: number): number {
  const { view } = source;
  let length = 4;
  while (length < lengthMax) {
    const difference = view.getUint32(from + length, true) ^ view.getUint32(at + length, true);
    if (difference !== 0) {
      length += (31 - Math.clz32(difference & -difference)) >> 3;
      break;
    }
    length += 4;
  }
  return length < lengthMax ? length : lengthMax;
}
