import { threeDigits as roundToThreeDigits } from '#engine';

const SUFFIXES = 'BKMGTPE';

/** The largest number of which a signed one of 64 bits can be made. */
const NUMBER_MAX = 2 ** 63 - 1024;

export type SizeProblem = 'not-a-number' | 'out-of-range';

/**
 * Parses a size as QEMU's tools do: decimal (with a fraction other than zero only where a unit is given) or hexadecimal,
 * then one of B, K, M, G, T, P, E in either case. `defaultSuffix` counts where none is given. Parts of a byte are rounded.
 * What takes more than 64 bits is out of range.
 */
export function parseExactSize(text: string, defaultSuffix = 'B'): bigint | SizeProblem {
  const match = /^\s*\+?(?:(0x[0-9a-f]+)|(\d+)(\.\d*)?)([bkmgtpe]?)$/i.exec(text);
  if (match === null) return 'not-a-number';
  const [, hex, decimal, fraction = '.', suffix] = match;
  // In hexadecimal, B and E are digits; the expression takes them as such.
  const unit = 1024 ** SUFFIXES.indexOf((suffix || defaultSuffix).toUpperCase());
  const part = Number(`0${fraction}`);
  if (unit === 1 && part !== 0) return 'not-a-number';
  const value = BigInt((hex ?? decimal)!) * BigInt(unit) + BigInt(Math.round(part * unit));
  return value >= 2n ** 64n ? 'out-of-range' : value;
}

/** The same as a number for those who take no more than 63 bits: the nearest one below, where it has no exact one. */
export function parseSize(text: string, defaultSuffix?: string): number | SizeProblem {
  const exact = parseExactSize(text, defaultSuffix);
  if (typeof exact !== 'bigint') return exact;
  return exact >= 2n ** 63n ? 'out-of-range' : Math.min(Number(exact), NUMBER_MAX);
}

/** Such as `64 MiB`, `2.19 MiB`, `512 B`: at most three significant digits. */
export function humanSize(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
  let index = 0;
  // The next unit begins where three digits would no longer do.
  while (index < units.length - 1 && bytes / 1024 ** index >= 1000) index++;
  return `${threeDigits(bytes / 1024 ** index)} ${units[index]}`;
}

/** C's `%0.3g` for 0 ≤ value < 1024. */
export function threeDigits(value: number): string {
  const rounded = roundToThreeDigits(value);
  return value >= 1000 ? rounded.toExponential(2).replace('e+', 'e+0') : String(rounded);
}
