import { expect, it } from 'vitest';
import { formatAgo, formatBytes, formatCount, formatHex, plural } from '../../../src/app/ui/format-numbers.ts';

it.each([
  [0, '0 B'],
  [512, '512 B'],
  [1536, '1.5 KiB'],
  [196608, '192 KiB'],
  [10 * 2 ** 30, '10 GiB'],
  [1.25 * 2 ** 40, '1.25 TiB'],
  [2 ** 60, '1 EiB'],
])('writes %d bytes as %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

it('writes offsets in hex, padded where asked', () => {
  expect(formatHex(0x50000)).toBe('0x50000');
  expect(formatHex(4, 2)).toBe('0x04');
});

it('groups long counts with narrow spaces', () => {
  expect(formatCount(1048576)).toBe('1\u202f048\u202f576');
  expect(formatCount(999)).toBe('999');
});

it('counts one and many', () => {
  expect(plural(1, 'cluster')).toBe('1 cluster');
  expect(plural(3, 'cluster')).toBe('3 clusters');
  expect(plural(2, 'entry', 'entries')).toBe('2 entries');
});

it.each([
  [10_000, 'just now'],
  [5 * 60_000, '5 min ago'],
  [3 * 3600_000, '3 h ago'],
  [30 * 3600_000, 'yesterday'],
  [4 * 86400_000, '4 days ago'],
])('says %d ms as %s', (ms, text) => expect(formatAgo(1e12, 1e12 + ms)).toBe(text));

it('gives the date of what is long ago', () => {
  expect(formatAgo(Date.UTC(2024, 1, 29), Date.UTC(2024, 5, 1))).toBe('2024-02-29');
});
