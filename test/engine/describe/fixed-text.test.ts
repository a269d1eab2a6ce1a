import { describe, expect, it } from 'vitest';
import { fixedText } from '#engine';

describe('a number with decimals', () => {
  it.each([
    [3.125, 2, '3.12'],
    [3.375, 2, '3.38'],
    [15.625, 2, '15.62'],
    [90.625, 2, '90.62'],
    [0.0625, 3, '0.062'],
    [-3.125, 2, '-3.12'],
    [1.0625, 2, '1.06'],
    [4.35, 1, '4.3'],
    [100, 2, '100.00'],
    [2.5, 0, '2'],
  ])('%d with %d decimals is %s: a tie goes to the even digit', (value, decimals, text) => {
    expect(fixedText(value, decimals)).toBe(text);
  });
});
