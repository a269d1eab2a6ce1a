/** A number as C's `%#x` prints it: with 0x, except zero. */
export function hex(value: number): string {
  return value === 0 ? '0' : `0x${value.toString(16)}`;
}
