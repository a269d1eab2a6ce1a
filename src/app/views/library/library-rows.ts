import type { ImageId, ImageSummary, LibraryEntry } from '#protocol';

export type SortColumn = 'name' | 'state' | 'virtual-size' | 'file-size' | 'last-use';

export interface Sorting {
  readonly column: SortColumn;
  readonly isDescending: boolean;
}

/** The entries whose name holds the filter, in the wanted order. */
export function libraryRows(
  entries: readonly LibraryEntry[],
  filter: string,
  { column, isDescending }: Sorting,
): readonly LibraryEntry[] {
  const wanted = filter.trim().toLowerCase();
  const sign = isDescending ? -1 : 1;
  return entries
    .filter((entry) => entry.name.toLowerCase().includes(wanted))
    .sort((a, b) => sign * compareBy(column, a, b) || a.name.localeCompare(b.name));
}

/** The rows in the order in which they stand, whatever they would be sorted into; a new one stands behind whom it follows there. */
export function rowsInPlace(rows: readonly LibraryEntry[], standing: readonly ImageId[]): readonly LibraryEntry[] {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const placed = standing.flatMap((id) => byId.get(id) ?? []);
  const isStanding = new Set(standing);
  let before: LibraryEntry | null = null;
  for (const row of rows) {
    if (!isStanding.has(row.id)) placed.splice(before === null ? 0 : placed.indexOf(before) + 1, 0, row);
    before = row;
  }
  return placed;
}

/** What an image has beyond the ordinary, as small tags with their meaning. */
export function featureTags(about: ImageSummary): readonly { readonly tag: string; readonly title: string }[] {
  const tags = [{ tag: `v${about.version}`, title: `Format version ${about.version}` }];
  if (about.lazyRefcounts) tags.push({ tag: 'lazy', title: 'Lazy refcounts' });
  if (about.extendedL2) tags.push({ tag: 'extended L2', title: 'Subclusters: extended L2 entries' });
  if (about.compressionType === 'zstd') tags.push({ tag: 'zstd', title: 'Compressed clusters use zstd' });
  if (about.snapshotCount > 0) tags.push({ tag: `snapshots ${about.snapshotCount}`, title: 'Internal snapshots' });
  if (about.bitmapCount > 0) tags.push({ tag: `bitmaps ${about.bitmapCount}`, title: 'Dirty bitmaps' });
  if (about.backingFile !== null) tags.push({ tag: 'backing', title: `Backing file: ${about.backingFile}` });
  if (about.encryption !== 'none') tags.push({ tag: about.encryption.toUpperCase(), title: 'Encrypted' });
  if (about.hasExternalDataFile) tags.push({ tag: 'data file', title: 'Guest data is in a file of its own' });
  return tags;
}

function compareBy(column: SortColumn, a: LibraryEntry, b: LibraryEntry): number {
  switch (column) {
    case 'name':
      return a.name.localeCompare(b.name, undefined, { numeric: true });
    case 'state':
      return stateRank(a) - stateRank(b);
    case 'virtual-size':
      return virtualSize(a) - virtualSize(b);
    case 'file-size':
      return a.fileSize - b.fileSize;
    case 'last-use':
      return a.lastUse - b.lastUse;
  }
}

function stateRank({ about }: LibraryEntry): number {
  if (about.kind === 'unread') return -1;
  return about.kind === 'problem' ? 3 : { clean: 0, dirty: 1, corrupt: 2 }[about.state];
}

function virtualSize({ about }: LibraryEntry): number {
  return about.kind === 'qcow2' ? about.virtualSize : -1;
}
