import { alignUp, ceilDiv } from '../bytes/align.ts';
import { setU64, viewOf } from '../bytes/big-endian.ts';
import { HEADER } from '../format/header.ts';
import { markClean, markDirty } from '../image/dirty-bit.ts';
import { discardFully } from '../image/discard.ts';
import { writeTablesDurably } from '../image/flush.ts';
import type { Image } from '../image/image.ts';
import { L1Table } from '../image/l1-table.ts';
import { freeTablesBeyond, truncateAfterLastCluster } from './resize.ts';

/**
 * Makes an overlay hold nothing at all, so that everything reads from its backing file (after a commit, the same bytes).
 * @throws EngineError; where that happened half way, the image was closed: its next writable open completes or undoes it
 */
export function makeEmpty(image: Image): void {
  image.mustBeWritable();
  if (canStartOver(image)) startOver(image);
  else discardEverything(image);
}

/** Every step leaves a consistent image: mappings go first, durably, then the tables, then the end of the file. */
function discardEverything(image: Image): void {
  discardFully(image, 0, alignUp(image.virtualSize, image.geometry.clusterSize));
  writeTablesDurably(image);
  freeTablesBeyond(image, 0);
  writeTablesDurably(image);
  truncateAfterLastCluster(image);
}

/** Structures that a fresh image has not, and a dirty bit to protect the way there. */
function canStartOver({ geometry, snapshots, head, header }: Image): boolean {
  const { extensions, dataFile } = head;
  const isPlain = snapshots.length === 0 && head.bitmaps.length === 0 && extensions.luks === null && dataFile === null;
  return geometry.version === 3 && isPlain && 3 + l1Clusters(header.l1Size, geometry) <= geometry.refcountBlockEntries;
}

/**
 * Lays the image out as a new one is: header, refcount table, refcount block, L1 table. Under the dirty bit refcounts may be
 * wrong at any time; what must not happen is an L1 entry that leads to clusters used for something else, so the old L1
 * table is empty, durably, before anything is written over what it led to, and the header points to the new one last.
 */
function startOver(image: Image): void {
  const { file, geometry, header } = image;
  const { clusterSize } = geometry;
  const l1Length = l1Clusters(header.l1Size, geometry) * clusterSize;
  writeTablesDurably(image);
  if (!image.isDirty) markDirty(image);
  try {
    file.event('l1_update');
    file.write(header.l1TableOffset, new Uint8Array(l1Length), 'l1-update');
    file.flush('flush-ordering');
    file.event('empty_image_prepare');
    file.write(clusterSize, new Uint8Array(2 * clusterSize + l1Length), 'reftable-update');
    file.flush('flush-ordering');
    file.event('l1_update');
    file.event('reftable_update');
    file.write(HEADER.fields.l1TableOffset.at, encodePlaces(clusterSize), 'header-other');
    file.flush('flush-ordering');
    file.event('refblock_alloc');
    const entry = new Uint8Array(8);
    setU64(viewOf(entry), 0, 2 * clusterSize);
    file.write(clusterSize, entry, 'reftable-update');
    file.flush('flush-ordering');
  } catch (error) {
    // What is in memory says no longer what is on disk.
    image.isClosed = true;
    image.storage.close();
    throw error;
  }
  header.l1TableOffset = 3 * clusterSize;
  header.refcountTableOffset = clusterSize;
  header.refcountTableClusters = 1;
  image.startOver(new L1Table(header.l1TableOffset, new Uint8Array(header.l1Size * 8)));
  image.refcounts.table = new Float64Array(clusterSize / 8);
  image.refcounts.table[0] = 2 * clusterSize;
  image.refcounts.add(0, 3 + l1Length / clusterSize, 1);
  markClean(image);
  file.truncate(3 * clusterSize + l1Length, 'truncate');
  file.flush('flush-ordering');
}

/** Places of L1 table and refcount table, and the clusters of the latter, as they stand side by side in the header. */
function encodePlaces(clusterSize: number): Uint8Array {
  const places = new Uint8Array(20);
  setU64(viewOf(places), 0, 3 * clusterSize);
  setU64(viewOf(places), 8, clusterSize);
  viewOf(places).setUint32(16, 1);
  return places;
}

function l1Clusters(entryCount: number, { clusterSize }: { clusterSize: number }): number {
  return ceilDiv(entryCount * 8, clusterSize);
}
