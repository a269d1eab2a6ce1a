import { expect, it } from 'vitest';
import { sizeText } from '../../../src/engine/describe/size-text.ts';

it.each([
  [0, '0 B'],
  [1, '1 B'],
  [999, '999 B'],
  [1000, '0.977 KiB'],
  [1024, '1 KiB'],
  [196616, '192 KiB'],
  [528.5 * 1024, '528 KiB'],
  [529.5 * 1024, '530 KiB'],
  [1023 * 1024, '0.999 MiB'],
  [2296320, '2.19 MiB'],
  // In the middle: to the even digit.
  [1179648, '1.12 MiB'],
  [1.375 * 1024 * 1024, '1.38 MiB'],
  [10.25 * 1024 * 1024, '10.2 MiB'],
  [10.75 * 1024 * 1024, '10.8 MiB'],
  [10 * 2 ** 30, '10 GiB'],
  [2 ** 61, '2 EiB'],
])('%i bytes are %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});
