import { viewOf } from '../bytes/big-endian.ts';
import type { HostOffset } from '../format/addresses.ts';
import { readBitmapDirectory, type BitmapEntry } from '../format/bitmap-directory.ts';
import { makeGeometry, type Geometry } from '../format/geometry.ts';
import { EXTENDED_L2_BIT, EXTERNAL_DATA_FILE_BIT } from '../format/features.ts';
import { decodeHeader, HEADER_V2_LENGTH, HEADER_V3_LENGTH, QCOW2_MAGIC, type Header } from '../format/header.ts';
import {
  BITMAPS_EXTENSION,
  EXTENSION_BITMAPS,
  EXTENSION_LUKS,
  lastExtension,
  LUKS_EXTENSION,
  readExtensions,
  type ExtensionArea,
} from '../format/header-extensions.ts';
import {
  readSnapshotTable,
  SNAPSHOT_TABLE_SIZE_MAX,
  SNAPSHOTS_MAX,
  type SnapshotEntry,
} from '../format/snapshot-table.ts';
import { L1_TABLE_SIZE_MAX } from '../image/head-validation.ts';
import { REFCOUNT_TABLE_SIZE_MAX } from '../image/refcounts.ts';
import type { Storage } from '../storage/storage.ts';

/** A table of 8-byte entries in the image file. */
export interface TablePlace {
  readonly at: HostOffset;
  readonly entryCount: number;
}

/**
 * Where the structures of an image stand, as far as the header can be believed. Unlike `readHead` it refuses nothing: what
 * is out of bounds is cut down to the largest size that the format allows, so that a broken image can be looked at.
 */
export interface Outline {
  readonly header: Header;
  readonly geometry: Geometry;
  readonly extensions: ExtensionArea;
  readonly backingName: { readonly at: HostOffset; readonly length: number } | null;
  readonly l1: TablePlace;
  readonly refcountTable: TablePlace;
  readonly bitmapDirectory: { readonly at: HostOffset; readonly length: number } | null;
  readonly luks: { readonly at: HostOffset; readonly length: number } | null;
}

/** null where the first bytes do not even give a magic, a known version and a cluster size. */
export function readOutline(storage: Storage): Outline | null {
  const bytes = new Uint8Array(HEADER_V3_LENGTH);
  storage.read(0, bytes);
  const header = decodeHeader(bytes);
  const { magic, version, clusterBits } = header;
  if (magic !== QCOW2_MAGIC || (version !== 2 && version !== 3) || clusterBits < 9 || clusterBits > 21) return null;
  const geometry = makeGeometry({
    version,
    clusterBits,
    refcountOrder: Math.min(header.refcountOrder, 6),
    extendedL2: (header.incompatibleFeatures & EXTENDED_L2_BIT) !== 0n,
    hasDataFile: (header.incompatibleFeatures & EXTERNAL_DATA_FILE_BIT) !== 0n,
  });
  const { clusterSize } = geometry;
  const backingName = backingNameOf(header, clusterSize);
  const extensions = readExtensions(storage, headerLengthOf(header, clusterSize), backingName?.at ?? clusterSize);
  return {
    header,
    geometry,
    extensions,
    backingName,
    l1: { at: header.l1TableOffset, entryCount: Math.min(header.l1Size, L1_TABLE_SIZE_MAX / 8) },
    refcountTable: {
      at: header.refcountTableOffset,
      entryCount: Math.min(header.refcountTableClusters * clusterSize, REFCOUNT_TABLE_SIZE_MAX) / 8,
    },
    bitmapDirectory: bitmapDirectoryOf(extensions),
    luks: luksOf(extensions),
  };
}

/** The header's length, brought within the bounds of the version and the cluster. */
export function headerLengthOf(header: Header, clusterSize: number): number {
  if (header.version === 2) return HEADER_V2_LENGTH;
  return Math.min(Math.max(header.headerLength, HEADER_V2_LENGTH), clusterSize);
}

/** Entries of the snapshot table, as long as they stay within the file and within the largest table allowed. */
export function* outlineSnapshots(storage: Storage, { header }: Outline): Generator<SnapshotEntry, void, void> {
  const count = Math.min(header.snapshotCount, SNAPSHOTS_MAX);
  for (const entry of readSnapshotTable(storage, header.snapshotsOffset, count)) {
    if (entry.at >= storage.size) return;
    if (entry.at + entry.length - header.snapshotsOffset > SNAPSHOT_TABLE_SIZE_MAX) return;
    yield entry;
  }
}

export function snapshotL1(entry: SnapshotEntry): TablePlace {
  return { at: entry.l1TableOffset, entryCount: Math.min(entry.l1Size, L1_TABLE_SIZE_MAX / 8) };
}

export function outlineBitmaps(storage: Storage, { bitmapDirectory }: Outline): readonly BitmapEntry[] {
  if (bitmapDirectory === null) return [];
  return readBitmapDirectory(storage, bitmapDirectory.at, withinFile(storage, bitmapDirectory)).entries;
}

/** Bytes of a range that the file really has; all that follows reads as zeros. */
function withinFile(storage: Storage, range: { at: HostOffset; length: number }): number {
  return Math.max(0, Math.min(range.length, storage.size - range.at));
}

const TABLE_CHUNK_SIZE = 65536;

/** Reads a table in pieces: `view` holds the entries from `index` on. Stops at the end of the file. */
export function* readTable(
  storage: Storage,
  { at, entryCount }: TablePlace,
): Generator<{ readonly index: number; readonly count: number; readonly view: DataView }, void, void> {
  const length = Math.ceil(withinFile(storage, { at, length: entryCount * 8 }) / 8) * 8;
  for (let done = 0; done < length; done += TABLE_CHUNK_SIZE) {
    const bytes = new Uint8Array(Math.min(TABLE_CHUNK_SIZE, length - done));
    storage.read(at + done, bytes);
    yield { index: done / 8, count: bytes.length / 8, view: viewOf(bytes) };
  }
}

function backingNameOf(header: Header, clusterSize: number): Outline['backingName'] {
  const { backingFileOffset: at, backingFileSize } = header;
  if (at === 0 || at > clusterSize) return null;
  return { at, length: Math.min(backingFileSize, 1023, clusterSize - at) };
}

function bitmapDirectoryOf(extensions: ExtensionArea): Outline['bitmapDirectory'] {
  const extension = lastExtension(extensions, EXTENSION_BITMAPS);
  if (extension === null) return null;
  const { directoryOffset, directorySize } = BITMAPS_EXTENSION.decode(extension.data);
  return { at: directoryOffset, length: directorySize };
}

function luksOf(extensions: ExtensionArea): Outline['luks'] {
  const extension = lastExtension(extensions, EXTENSION_LUKS);
  if (extension === null) return null;
  const { offset, length } = LUKS_EXTENSION.decode(extension.data);
  return { at: offset, length };
}
