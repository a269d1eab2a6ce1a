import { describe, expect, it } from 'vitest';
import { ioSize, reportOf } from '../../../src/console/qemu-io/report.ts';

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

it.each([
  [40, '0:00:00.04'],
  [75_250, '0:01:15.25'],
  [3_661_500, '1:01:01.50'],
])('gives programs the time in hours, minutes and seconds: %d ms', (milliseconds, text) => {
  const line = reportOf({ name: 'read', at: 0, length: 512, milliseconds, machineReadable: true });
  expect(line.split(',').slice(0, 3)).toEqual(['512', '1', text]);
});
