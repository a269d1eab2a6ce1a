import { describe, expect, it } from 'vitest';
import { parseBytes, sizeText } from '../../../src/app/views/lab/parse-bytes.ts';

describe('a number of bytes', () => {
  it.each([
    ['0', 0],
    ['4096', 4096],
    ['4K', 4096],
    [' 4 KiB ', 4096],
    ['1.5m', 1_572_864],
    ['0x1200', 4608],
    ['1T', 2 ** 40],
  ])('%j is %d', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each(['', 'x', '-1', '4Q', '0x', '1e3', '0.3K', '99999999999999T'])('%j is none', (text) => {
    expect(parseBytes(text)).toBeNull();
  });

  it.each([0, 512, 4096, 4608, 1 << 20, 3 * 2 ** 30, 0x12345600])('%d reads back from its shortest text', (bytes) => {
    expect(parseBytes(sizeText(bytes))).toBe(bytes);
  });
});
