import type { AtomView } from '#protocol';
import { describe, expect, it } from 'vitest';
import { atomRows, canTear, presetAtoms, toggleAtoms } from '../../../src/app/views/lab/atom-rows.ts';

/** Atoms of these events, in order; the ones named in `persisted` have reached the media. */
function atomsOf(events: readonly number[], persisted: readonly number[] = []): AtomView[] {
  return events.map((event, index) => ({
    index,
    event,
    kind: 'sectors',
    at: index * 512,
    length: 512,
    use: 'data',
    label: `sector ${index}`,
    isPersisted: persisted.includes(index),
  }));
}

const never = () => {
  throw new Error('asked for a random number');
};

describe('atoms grouped by write', () => {
  it('say whether a write persisted wholly, in part or not at all', () => {
    const rows = atomRows(atomsOf([4, 4, 5, 6, 6], [0, 2]));
    expect(rows.map(({ event, persisted }) => [event, persisted])).toEqual([
      [4, 'some'],
      [5, 'all'],
      [6, 'none'],
    ]);
  });
});

describe('a preset', () => {
  const atoms = atomsOf([4, 4, 4, 4, 5, 6, 6]);

  it('keeps none or all', () => {
    expect(presetAtoms('none', atoms, 'any', never)).toEqual([]);
    expect(presetAtoms('all', atoms, 'any', never)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('tears every write of several pieces in the middle, and keeps the others whole', () => {
    expect(presetAtoms('torn', atoms, 'any', never)).toEqual([0, 1, 4, 5]);
  });

  it('ends at the first torn write when the disk keeps the order', () => {
    expect(presetAtoms('torn', atomsOf([4, 5, 5, 6]), 'in-order', never)).toEqual([0, 1]);
  });

  it('picks any subset at random', () => {
    const numbers = [0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4];
    expect(presetAtoms('random', atoms, 'any', () => numbers.shift()!)).toEqual([0, 2, 4, 6]);
  });

  it('picks a prefix at random when the disk keeps the order', () => {
    expect(presetAtoms('random', atoms, 'in-order', () => 0.5)).toEqual([0, 1, 2, 3]);
    expect(presetAtoms('random', atoms, 'in-order', () => 0.999)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('cannot tear writes of one piece', () => {
    expect(canTear(atomsOf([1, 2, 3]))).toBe(false);
    expect(canTear(atomsOf([1, 2, 2]))).toBe(true);
  });
});

describe('ticking atoms', () => {
  it('changes only those on a disk that reorders', () => {
    const atoms = atomsOf([1, 2, 3], [0]);
    expect(toggleAtoms(atoms, [2], true, 'any')).toEqual([0, 2]);
    expect(toggleAtoms(atoms, [0], false, 'any')).toEqual([]);
  });

  it('keeps a prefix on a disk that does not', () => {
    const atoms = atomsOf([1, 2, 3, 4], [0, 1]);
    expect(toggleAtoms(atoms, [2], true, 'in-order')).toEqual([0, 1, 2]);
    expect(toggleAtoms(atoms, [0], false, 'in-order')).toEqual([]);
    expect(toggleAtoms(atomsOf([1, 2, 3, 4], [0, 1, 2, 3]), [1], true, 'in-order')).toEqual([0, 1, 2, 3]);
  });
});
