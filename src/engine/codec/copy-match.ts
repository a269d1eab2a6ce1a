/** How far `copyMatch` may write beyond the end of a match. */
export const COPY_SLACK = 8;

/** Unrolled copies win over a call of `copyWithin` up to about this length. */
const UNROLLED_MAX = 96;

/**
 * Repeats `length` bytes from `distance` before `at`, as LZ77 means it: source and target may overlap.
 * Both `bytes` and `view` are the same memory, which has COPY_SLACK bytes to spare after the match.
 */
export function copyMatch(bytes: Uint8Array, view: DataView, at: number, distance: number, length: number): void {
  let from = at - distance;
  const end = at + length;
  if (distance >= 8) {
    if (length > UNROLLED_MAX && distance >= length) {
      bytes.copyWithin(at, from, from + length);
      return;
    }
    do {
      view.setInt32(at, view.getInt32(from, true), true);
      view.setInt32(at + 4, view.getInt32(from + 4, true), true);
      from += 8;
      at += 8;
    } while (at < end);
    return;
  }
  if (distance === 1) {
    if (length > UNROLLED_MAX) {
      bytes.fill(bytes[from]!, at, end);
      return;
    }
    const word = bytes[from]! * 0x01010101;
    do {
      view.setInt32(at, word, true);
      view.setInt32(at + 4, word, true);
      at += 8;
    } while (at < end);
    return;
  }
  if (distance >= 4) {
    do {
      view.setInt32(at, view.getInt32(from, true), true);
      from += 4;
      at += 4;
    } while (at < end);
    return;
  }
  do {
    bytes[at++] = bytes[from++]!;
  } while (at < end);
}
