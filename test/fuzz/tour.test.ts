import { expect, it } from 'vitest';
import {
  BITMAP_DIRECTORY_ENTRY,
  BITMAPS_EXTENSION,
  EXTENSION_HEADER,
  HEADER,
  LUKS_EXTENSION,
  SNAPSHOT_EXTRA_DATA,
  SNAPSHOT_HEADER,
} from '#engine';
import { DAMAGED_ROLES, kindOf } from './damage.ts';
import { casesOf } from './fuzz-case.ts';
import { TOUR } from './tour.ts';

const STRUCTURES = [
  HEADER,
  EXTENSION_HEADER,
  BITMAPS_EXTENSION,
  LUKS_EXTENSION,
  SNAPSHOT_HEADER,
  SNAPSHOT_EXTRA_DATA,
  BITMAP_DIRECTORY_ENTRY,
];
const ENTRIES = ['l1', 'l2', 'subclusters', 'refcount-table', 'refcounts', 'bitmap-table'];

it('the tour meets every kind of damage', { timeout: 60_000 }, () => {
  const met = new Set<string>();
  for (const { damages } of casesOf(TOUR)) for (const damage of damages) met.add(kindOf(damage));
  const all = [
    'length of the file',
    ...DAMAGED_ROLES.flatMap((role) => [`noise in ${role}`, `${role} from elsewhere`]),
    ...STRUCTURES.flatMap(({ name, fields }) => Object.keys(fields).map((field) => `${name}: ${field}`)),
    ...ENTRIES.flatMap((entry) => [entry, `${entry} as elsewhere`]),
  ];
  expect(all.filter((kind) => !met.has(kind))).toEqual([]);
});
