import { target } from './scratch.ts';

/** How far `copyMatch` may write beyond the end of a match. */
export const COPY_SLACK = 16;

const SHORT_MAX = 16;
/** Unrolled copies win over a call of `copyWithin` up to about this length. */
const UNROLLED_MAX = 96;

/** Repeats `length` bytes from `distance` before `at` in the target, as LZ77 means it: source and target may overlap. */
export function copyMatch(at: number, distance: number, length: number): void {
  const { view } = target;
  // Most matches: without a loop, whose end the processor could only guess.
  if (length <= SHORT_MAX && distance >= 4) {
    const from = at - distance;
    view.setInt32(at, view.getInt32(from, true), true);
    view.setInt32(at + 4, view.getInt32(from + 4, true), true);
    view.setInt32(at + 8, view.getInt32(from + 8, true), true);
    view.setInt32(at + 12, view.getInt32(from + 12, true), true);
  } else copyOther(at, distance, length);
}

function copyOther(at: number, distance: number, length: number): void {
  const { bytes, view } = target;
  let from = at - distance;
  const end = at + length;
  if (length > UNROLLED_MAX && distance >= length) {
    bytes.copyWithin(at, from, from + length);
  } else if (length > UNROLLED_MAX && distance === 1) {
    bytes.fill(bytes[from]!, at, end);
  } else if (distance >= 4) {
    for (; at < end; at += 8, from += 8) {
      view.setInt32(at, view.getInt32(from, true), true);
      view.setInt32(at + 4, view.getInt32(from + 4, true), true);
    }
  } else {
    while (at < end) bytes[at++] = bytes[from++]!;
  }
}
