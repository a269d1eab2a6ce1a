import { describe, expect, it } from 'vitest';
import type { ImageSummary, LibraryEntry } from '#protocol';
import { featureTags, libraryRows, rowsInPlace } from '../../../../src/app/views/library/library-rows.ts';

const summary: ImageSummary = {
  kind: 'qcow2',
  state: 'clean',
  version: 3,
  virtualSize: 1024,
  clusterSize: 65536,
  refcountBits: 16,
  lazyRefcounts: false,
  extendedL2: false,
  compressionType: 'zlib',
  encryption: 'none',
  backingFile: null,
  backingFormat: null,
  snapshotCount: 0,
  bitmapCount: 0,
  hasExternalDataFile: false,
};
const entry = (name: string, fileSize: number, about: Partial<ImageSummary> = {}): LibraryEntry => ({
  id: `opfs:${name}`,
  name,
  place: 'browser',
  fileSize,
  allocatedBytes: null,
  lastUse: fileSize,
  about: { ...summary, ...about },
  unsavedChanges: 0,
});
const entries = [entry('b10', 1), entry('b9', 3, { state: 'dirty' }), entry('a', 2, { virtualSize: 1 })];
const names = (column: Parameters<typeof libraryRows>[2]['column'], isDescending = false, filter = '') =>
  libraryRows(entries, filter, { column, isDescending }).map(({ name }) => name);

describe('libraryRows', () => {
  it('sorts names as people count', () => expect(names('name')).toEqual(['a', 'b9', 'b10']));
  it('sorts by size, last use and state', () => {
    expect(names('file-size')).toEqual(['b10', 'a', 'b9']);
    expect(names('last-use', true)).toEqual(['b9', 'a', 'b10']);
    expect(names('state', true)[0]).toBe('b9');
    expect(names('virtual-size')[0]).toBe('a');
  });
  it('filters by name, whatever the case', () => expect(names('name', false, 'B1')).toEqual(['b10']));
  it('leaves the given list as it is', () => expect(entries[0]!.name).toBe('b10'));
});

describe('rowsInPlace', () => {
  const a = entry('a', 1);
  const b = entry('b', 1);
  const c = entry('c', 1);
  const d = entry('d', 1);
  const place = (rows: LibraryEntry[], standing: LibraryEntry[]) =>
    rowsInPlace(
      rows,
      standing.map(({ id }) => id),
    );

  it('leaves rows where they stand, as they are now', () => {
    const renewed = { ...b, fileSize: 7 };
    expect(place([c, renewed, a], [a, b, c])).toEqual([a, renewed, c]);
  });
  it('lets go who is gone', () => expect(place([c, a], [a, b, c])).toEqual([a, c]));
  it('puts new ones behind those that they follow', () => {
    expect(place([d, c, b, a], [a, b])).toEqual([d, c, a, b]);
    expect(place([b, d, a, c], [a, b])).toEqual([a, c, b, d]);
  });
});

it('tags what is out of the ordinary', () => {
  const tags = featureTags({ ...summary, lazyRefcounts: true, snapshotCount: 2, compressionType: 'zstd' });
  expect(tags.map(({ tag }) => tag)).toEqual(['v3', 'lazy', 'zstd', 'snapshots 2']);
});
