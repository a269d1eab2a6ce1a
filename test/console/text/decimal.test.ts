import { expect, it } from 'vitest';
import { decimal } from '../../../src/console/text/decimal.ts';

it('a whole number is printed exactly, of any size', () => {
  for (let power = 0; power <= 63; power++) {
    for (const value of [2 ** power - 1, 2 ** power, 2 ** power + 1])
      expect(decimal(value)).toBe(String(BigInt(value)));
  }
  for (let digits = 1; digits < 19; digits++) {
    for (const value of [10 ** digits - 1, 10 ** digits, 10 ** digits + 1, 7 * 10 ** digits + 5]) {
      expect(decimal(value)).toBe(String(BigInt(value)));
    }
  }
});
