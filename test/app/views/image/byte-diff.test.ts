import { expect, it } from 'vitest';
import { diffRows } from '../../../../src/app/views/image/byte-diff.ts';

const bytes = (length: number, changes: Record<number, number> = {}) => {
  const array = new Uint8Array(length);
  for (const [at, value] of Object.entries(changes)) array[Number(at)] = value;
  return array;
};

it('lists only rows that differ, at their own offsets', () => {
  const { rows, omitted } = diffRows(0x1000, bytes(64), bytes(64, { 3: 1, 40: 2 }), 10);
  expect(rows.map(({ at }) => at)).toEqual([0x1000, 0x1020]);
  expect(rows[1]!.isChanged.indexOf(true)).toBe(8);
  expect(omitted).toBe(0);
});

it('aligns rows although the write is not', () => {
  const { rows } = diffRows(72, bytes(8), bytes(8, { 0: 1, 7: 1 }), 10);
  expect(rows.map(({ at, after }) => [at, after.length])).toEqual([[72, 8]]);
});

it('counts the rows that it leaves out', () => {
  expect(diffRows(0, bytes(64), bytes(64).fill(1), 1)).toMatchObject({ rows: [{ at: 0 }], omitted: 3 });
});

it('takes bytes past the old end of the file as changed', () => {
  const { rows } = diffRows(0, new Uint8Array(0), bytes(4), 10);
  expect(rows[0]!.isChanged).toEqual([true, true, true, true]);
});
