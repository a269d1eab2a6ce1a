import { describe, expect, it } from 'vitest';
import { bytesAsText, hexCells, labelAt, offsetDigits, type ByteLabel } from '../../../src/app/ui/hex-rows.ts';

const label = (at: number, length: number): ByteLabel => ({
  at,
  length,
  label: `field at ${at}`,
  value: '',
  meaning: '',
  target: null,
});

describe('hexCells', () => {
  const labels = [label(0, 4), label(4, 4), label(10, 2)];
  const cells = hexCells(0, 16, 14, (at) => (at === 13 ? null : 0x40 + at), labels);

  it('stops at the end of the file', () => expect(cells).toHaveLength(14));

  it('says which label covers each byte', () => {
    expect(cells.map((cell) => cell.label)).toEqual([0, 0, 0, 0, 1, 1, 1, 1, -1, -1, 2, 2, -1, -1]);
  });

  it('writes hex and text, and dots for a byte that has not arrived', () => {
    expect(cells[1]).toMatchObject({ hex: '41', text: 'A' });
    expect(cells[13]).toMatchObject({ hex: '··', text: ' ' });
  });

  it('finds labels that began before the row', () => {
    expect(hexCells(16, 4, 32, () => 0, [label(12, 6)]).map((cell) => cell.label)).toEqual([0, 0, -1, -1]);
  });
});

it('finds the label of a byte, or none', () => {
  const labels = [label(0, 4), label(8, 4)];
  expect(labelAt(labels, 3)?.at).toBe(0);
  expect(labelAt(labels, 5)).toBeNull();
  expect(labelAt(labels, 8)?.at).toBe(8);
  expect(labelAt(labels, 12)).toBeNull();
});

it('needs more digits for offsets beyond 4 GiB', () => {
  expect(offsetDigits(100)).toBe(8);
  expect(offsetDigits(2 ** 40)).toBe(10);
});

it.each([
  ['hex', '51 46 49 fb'],
  ['c', '{ 0x51, 0x46, 0x49, 0xfb }'],
  ['base64', 'UUZJ+w=='],
] as const)('copies bytes as %s', (form, text) => {
  expect(bytesAsText(Uint8Array.of(0x51, 0x46, 0x49, 0xfb), form)).toBe(text);
});
