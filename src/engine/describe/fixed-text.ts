/**
 * A number with so many decimals, as C's `%.2f` prints it: a tie, which only odd multiples of 2^-(decimals + 1) can be, goes to
 * the even digit, where `toFixed` goes up.
 */
export function fixedText(value: number, decimals: number): string {
  const isTie = Math.abs(value * 2 ** (decimals + 1)) % 2 === 1;
  if (!isTie) return value.toFixed(decimals);
  const scale = 10 ** decimals;
  const below = Math.floor(value * scale);
  return ((below % 2 === 0 ? below : below + 1) / scale).toFixed(decimals);
}
