import { alignUp, ceilDiv } from '../bytes/align.ts';
import { setU64, viewOf } from '../bytes/big-endian.ts';
import { StepFailure } from '../errors.ts';
import {
  BITMAP_AUTO,
  BITMAP_IN_USE,
  BITMAP_TYPE_DIRTY,
  bitmapDataOf,
  bitmapTableEntryHasReservedBits,
  encodeBitmapDirectory,
  readBitmapTable,
  decodeBitmapDirectory,
  type BitmapEntry,
} from '../format/bitmap-directory.ts';
import type { HostOffset } from '../format/addresses.ts';
import type { BitmapsExtension } from '../format/header-extensions.ts';
import type { Image } from '../image/image.ts';
import type { BitmapBits } from './bitmap-bits.ts';
import type { PersistentBitmap } from './session-bitmaps.ts';
import { switchDirectory } from './switch-directory.ts';

type NewEntry = Parameters<typeof encodeBitmapDirectory>[0][number];

/**
 * Stores the bitmaps as they are in memory: into new clusters, durable with their refcounts before the header names the
 * new directory. Until that moment the old directory stands, as valid or as in use as it was; a crash leaks clusters.
 * Inconsistent bitmaps keep their clusters, and stay in use.
 * @throws EngineError no-space, io; what stands on disk then is the old directory
 */
export function storeBitmaps(image: Image): void {
  const { bitmaps } = image;
  // Version 2 has no bit that could vouch for them.
  if (!bitmaps.isChanged || image.geometry.version === 2) return;
  const replaced = [
    ...bitmaps.removed,
    ...bitmaps.list.flatMap(({ bits, stored }) => (bits !== null && stored ? [stored] : [])),
  ];
  const clustersBefore = replaced.flatMap((entry) => clustersOf(image, entry));
  const oldDirectory = bitmaps.directory;

  const clusters = new NewClusters(image);
  let bytes: Uint8Array;
  let directory: BitmapsExtension | null;
  try {
    bytes = encodeBitmapDirectory(bitmaps.list.map((bitmap) => storeBitmap(clusters, bitmap)));
    directory = writeDirectory(clusters, bytes);
    image.l2Tables.writeAll();
    image.refcounts.blocks.writeAll();
    image.file.flush('flush-ordering');
  } catch (error) {
    clusters.free();
    throw error;
  }
  switchDirectory(image, directory);

  const { entries } = decodeBitmapDirectory(bytes);
  bitmaps.directory = directory;
  bitmaps.list = bitmaps.list.map((bitmap, index) => ({ ...bitmap, stored: entries[index]! }));
  bitmaps.removed = [];
  bitmaps.isMarkedInUse = bitmaps.list.length === 0;
  bitmaps.isChanged = false;
  bitmaps.recording = [];
  for (const { offset, count } of clustersBefore) image.allocator.freeUnreferenced(offset, count);
  if (oldDirectory !== null) {
    const count = ceilDiv(oldDirectory.directorySize, image.geometry.clusterSize);
    image.allocator.freeUnreferenced(oldDirectory.directoryOffset, count);
  }
}

function writeDirectory(clusters: NewClusters, bytes: Uint8Array): BitmapsExtension | null {
  if (bytes.length === 0) return null;
  const bitmapCount = decodeBitmapDirectory(bytes).entries.length;
  const directoryOffset = clusters.write(bytes, 'bitmap-dir');
  return { bitmapCount, reserved: 0, directorySize: bytes.length, directoryOffset };
}

function storeBitmap(
  clusters: NewClusters,
  { name, granularityBits, isEnabled, bits, stored }: PersistentBitmap,
): NewEntry {
  if (bits === null) return { ...stored!, flags: stored!.flags | BITMAP_IN_USE };
  const tableOffset = StepFailure.during(`Failed to write bitmap '${name}' to file`, () =>
    clusters.write(storePages(clusters, bits), 'bitmap-dir'),
  );
  return {
    tableOffset,
    tableSize: bits.pageCount,
    flags: isEnabled ? BITMAP_AUTO : 0,
    type: BITMAP_TYPE_DIRTY,
    granularityBits,
    name,
  };
}

/** Writes the pages that have a set bit; returns the bitmap table. */
function storePages(clusters: NewClusters, bits: BitmapBits): Uint8Array {
  const table = new Uint8Array(bits.pageCount * 8);
  const view = viewOf(table);
  for (let index = 0; index < bits.pageCount; index++) {
    const page = bits.page(index);
    if (page?.some((byte) => byte !== 0)) setU64(view, index * 8, clusters.write(page, 'bitmap-data'));
  }
  return table;
}

/** Clusters that nothing on disk refers to yet. */
class NewClusters {
  readonly #image: Image;
  readonly #taken: Clusters[] = [];

  constructor(image: Image) {
    this.#image = image;
  }

  write(bytes: Uint8Array, why: 'bitmap-dir' | 'bitmap-data'): HostOffset {
    const { allocator, file, geometry } = this.#image;
    const count = ceilDiv(bytes.length, geometry.clusterSize);
    const offset = allocator.allocate(count);
    this.#taken.push({ offset, count });
    file.write(offset, bytes, why);
    return offset;
  }

  free(): void {
    for (const { offset, count } of this.#taken) this.#image.allocator.freeUnreferenced(offset, count);
  }
}

interface Clusters {
  readonly offset: HostOffset;
  readonly count: number;
}

/**
 * What a stored bitmap occupies: its data, then its table. Nothing where an entry leads to what cannot be a bitmap's: who
 * knows what freeing would give away, and a leak does no harm.
 */
function clustersOf(image: Image, entry: BitmapEntry): Clusters[] {
  const { clusterSize } = image.geometry;
  const table = { offset: entry.tableOffset, count: ceilDiv(entry.tableSize * 8, clusterSize) };
  const data: Clusters[] = [];
  for (const { halves } of readBitmapTable(image.storage, entry)) {
    for (let half = 0; half < halves.length; half += 2) {
      const [high, low] = [halves[half]!, halves[half + 1]!];
      if (bitmapTableEntryHasReservedBits(high, low)) return [];
      const offset = bitmapDataOf(high, low);
      if (typeof offset === 'number') data.push({ offset, count: 1 });
    }
  }
  const all = [...data, table];
  const fileEnd = alignUp(image.storage.size, clusterSize);
  const isSound = all.every(({ offset, count }) => {
    const length = count * clusterSize;
    return offset % clusterSize === 0 && offset + length <= fileEnd && image.guard.overlapOf(offset, length) === null;
  });
  return isSound ? all : [];
}
