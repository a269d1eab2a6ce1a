import { describe, expect, it } from 'vitest';
import { ioSize } from '../../../src/console/qemu-io/report.ts';

describe('sizes as qemu-io prints them', () => {
  it.each([
    [0, '0 bytes'],
    [512, '512 bytes'],
    [1536, '1.500 KiB'],
    [0x390000, '3.562 MiB'],
    [0x310000, '3.062 MiB'],
    [0x330000, '3.188 MiB'],
    [2 ** 40, '1 TiB'],
  ])('%d is %s', (bytes, text) => {
    expect(ioSize(bytes)).toBe(text);
  });
});
