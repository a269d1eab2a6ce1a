import { describe, expect, it } from 'vitest';
import type { LibraryEntry } from '#protocol';
import { mergeEntries } from '../../../src/app/state/listed-entries.ts';

function entry(id: string, about: LibraryEntry['about']['kind'], fileSize = 0): LibraryEntry {
  // What else an entry holds does not matter here.
  return { id, fileSize, about: { kind: about } } as LibraryEntry;
}

describe('mergeEntries', () => {
  it('takes what is new, read or not', () => {
    const merged = mergeEntries([entry('a', 'qcow2')], [entry('b', 'unread'), entry('c', 'qcow2')]);
    expect(merged.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  it('keeps what was read before until it is read anew', () => {
    const known = [entry('a', 'qcow2', 1)];
    expect(mergeEntries(known, [entry('a', 'unread')])).toEqual(known);
    expect(mergeEntries(known, [entry('a', 'qcow2', 2)])).toEqual([entry('a', 'qcow2', 2)]);
  });
});
