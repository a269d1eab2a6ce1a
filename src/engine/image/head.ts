import { alignDown } from '../bytes/align.ts';
import { StepFailure } from '../errors.ts';
import { bitmapEntryProblem, readBitmapDirectory, type BitmapEntry } from '../format/bitmap-directory.ts';
import { BITMAPS_BIT, EXTERNAL_DATA_FILE_BIT, KNOWN_AUTOCLEAR, RAW_EXTERNAL_DATA_BIT } from '../format/features.ts';
import type { Geometry } from '../format/geometry.ts';
import { decodeHeader, geometryOf, HEADER_V3_LENGTH, type Header } from '../format/header.ts';
import { EXTENSION_BITMAPS, lastExtension, readExtensions } from '../format/header-extensions.ts';
import { decodeName, upToNul } from '../format/name.ts';
import {
  readSnapshotTable,
  SNAPSHOT_EXTRA_DATA_MAX,
  SNAPSHOT_HEADER,
  SNAPSHOT_TABLE_SIZE_MAX,
  type SnapshotEntry,
} from '../format/snapshot-table.ts';
import type { Storage } from '../storage/storage.ts';
import { extensionPlace, fieldPlaces, HeadRefusal, type BytePlace } from './head-refusal.ts';
import { judgeExtensions, type HeaderExtensions, type HeadWarning } from './head-extensions.ts';
import { hasUnthinkableSize, judgeFeatures, judgeHeaderFields, judgeReadable, judgeTables } from './head-validation.ts';

/** Everything that an open learns before it touches a table: the header, what hangs on it, and what follows from both. */
export interface ImageHead {
  /** As on disk, except that `virtualSize` is rounded down to 512 as every open does. */
  readonly header: Header;
  readonly geometry: Geometry;
  readonly extensions: HeaderExtensions;
  readonly backingFile: string | null;
  readonly backingFormat: string | null;
  /** Name of the external data file, where the image has one and says so. */
  readonly dataFile: string | null;
  readonly hasDataFile: boolean;
  readonly encryption: 'none' | 'aes' | 'luks';
  /** Empty in check mode, which judges the table itself. */
  readonly snapshots: readonly SnapshotEntry[];
  /** Empty unless the autoclear bit vouches for them. */
  readonly bitmaps: readonly BitmapEntry[];
  /** A writable open rewrites the header first, from {@link headForWriting}. */
  readonly needsRewrite: boolean;
}

export interface ReadHeadOptions {
  readonly writable: boolean;
  /** As `qemu-img check` opens: a corrupt image, a missing refcount table and broken snapshots are no obstacle. */
  readonly checkMode?: boolean;
  /** Told what QEMU warns of while opening, even if the open is refused after that. */
  readonly onWarning?: (warning: HeadWarning) => void;
}

/**
 * Reads and validates the head of an image: QEMU's order, QEMU's texts, the first failure wins. Tables need not lie inside
 * the file: what is past its end reads as zeros.
 */
export function readHead(
  storage: Storage,
  { writable, checkMode = false, onWarning = () => undefined }: ReadHeadOptions,
): ImageHead {
  const header = readHeader(storage);
  const clusterSize = 2 ** header.clusterBits;
  const area = readExtensions(
    storage,
    header.headerLength,
    header.backingFileOffset === 0 ? clusterSize : header.backingFileOffset,
  );
  judgeFeatures(header, area, { writable, checkMode, onWarning });
  const geometry = geometryOf(header);
  judgeTables(storage, header, geometry, checkMode);
  const { extensions, isStale } = judgeExtensions(area, header, onWarning);
  judgeDataFile(header);
  const encryption = encryptionOf(header, extensions);
  const backingFile = readBackingFile(storage, header);
  const truncated = { ...header, virtualSize: alignDown(header.virtualSize, 512) };
  const hasDataFile = (header.incompatibleFeatures & EXTERNAL_DATA_FILE_BIT) !== 0n;
  const snapshots = checkMode ? [] : readSnapshots(storage, header);
  const bitmapsExtension = lastExtension(area, EXTENSION_BITMAPS);
  const bitmaps =
    bitmapsExtension === null
      ? []
      : readBitmaps(storage, truncated, { extensions, place: extensionPlace(bitmapsExtension) });
  if (hasUnthinkableSize(header, geometry)) {
    throw new HeadRefusal(fieldPlaces('virtualSize'), 'Could not refresh total sector count: File too large');
  }
  return {
    header: truncated,
    geometry,
    extensions,
    backingFile,
    backingFormat: extensions.backingFormat,
    dataFile: hasDataFile ? extensions.dataFile : null,
    hasDataFile,
    encryption,
    snapshots,
    bitmaps,
    needsRewrite: isStale || (header.autoclearFeatures & ~KNOWN_AUTOCLEAR) !== 0n,
  };
}

/**
 * What a writable open makes of a head that needs a rewrite: unknown autoclear bits and a bitmaps extension that nothing
 * vouches for are gone, since what they describe is no longer kept up to date.
 */
export function headForWriting(head: ImageHead): ImageHead {
  const autoclearFeatures = head.header.autoclearFeatures & KNOWN_AUTOCLEAR;
  const hasBitmaps = (autoclearFeatures & BITMAPS_BIT) !== 0n;
  return {
    ...head,
    header: { ...head.header, autoclearFeatures },
    extensions: { ...head.extensions, bitmaps: hasBitmaps ? head.extensions.bitmaps : null },
    needsRewrite: false,
  };
}

function readHeader(storage: Storage): Header {
  const known = new Uint8Array(HEADER_V3_LENGTH);
  StepFailure.during('Could not read qcow2 header', () => storage.read(0, known));
  judgeHeaderFields(known);
  const { headerLength } = decodeHeader(known);
  if (headerLength <= HEADER_V3_LENGTH) return decodeHeader(known);
  const whole = new Uint8Array(headerLength);
  storage.read(0, whole);
  return decodeHeader(whole);
}

/** Without a file of its own, raw external data cannot be. */
function judgeDataFile(header: Header): void {
  const hasDataFile = (header.incompatibleFeatures & EXTERNAL_DATA_FILE_BIT) !== 0n;
  if (!hasDataFile && (header.autoclearFeatures & RAW_EXTERNAL_DATA_BIT) !== 0n) {
    throw new HeadRefusal(fieldPlaces('autoclearFeatures'), 'data-file-raw requires a data file');
  }
}

function encryptionOf(header: Header, extensions: HeaderExtensions): ImageHead['encryption'] {
  if (header.cryptMethod === 0) return 'none';
  if (header.cryptMethod === 1) return 'aes';
  if (extensions.luks === null) {
    const message = `Missing CRYPTO header for crypt method ${header.cryptMethod}`;
    throw new HeadRefusal(fieldPlaces('cryptMethod'), message);
  }
  return 'luks';
}

function readBackingFile(storage: Storage, header: Header): string | null {
  if (header.backingFileOffset === 0) return null;
  if (header.backingFileSize > Math.min(1023, 2 ** header.clusterBits - header.backingFileOffset)) {
    throw new HeadRefusal(fieldPlaces('backingFileSize'), 'Backing file name too long');
  }
  const name = new Uint8Array(header.backingFileSize);
  storage.read(header.backingFileOffset, name);
  return decodeName(upToNul(name));
}

function readSnapshots(storage: Storage, header: Header): SnapshotEntry[] {
  const snapshots: SnapshotEntry[] = [];
  const sizeMin = header.snapshotCount * SNAPSHOT_HEADER.size;
  judgeReadable(header, 'snapshotsOffset', sizeMin, 'Failed to read snapshot table');
  for (const entry of readSnapshotTable(storage, header.snapshotsOffset, header.snapshotCount)) {
    if (entry.extraDataSize > SNAPSHOT_EXTRA_DATA_MAX) {
      throw new HeadRefusal([entry], `Too much extra metadata in snapshot table entry ${snapshots.length}`, {
        hint: 'You can force-remove this extra metadata with qemu-img check -r all',
      });
    }
    if (entry.at + entry.length - header.snapshotsOffset > SNAPSHOT_TABLE_SIZE_MAX) {
      const overhanging = header.snapshotCount - snapshots.length;
      throw new HeadRefusal([entry], 'Snapshot table is too big', {
        hint: `You can force-remove all ${overhanging} overhanging snapshots with qemu-img check -r all`,
      });
    }
    snapshots.push(entry);
  }
  return snapshots;
}

function readBitmaps(
  storage: Storage,
  header: Header,
  { extensions: { bitmaps }, place }: { extensions: HeaderExtensions; place: BytePlace },
): readonly BitmapEntry[] {
  if (bitmaps === null || (header.autoclearFeatures & BITMAPS_BIT) === 0n) return [];
  const invalid = (message: string) => new HeadRefusal([place], message);
  if (bitmaps.directorySize === 0) throw invalid('Requested bitmap directory size is zero');
  const { entries, isBroken, hasHalfEntry } = readBitmapDirectory(
    storage,
    bitmaps.directoryOffset,
    bitmaps.directorySize,
  );
  const mustBeCounted = (index: number) => {
    if (index < bitmaps.bitmapCount) return;
    throw invalid('More bitmaps found than specified in header extension');
  };
  entries.forEach((entry, index) => {
    mustBeCounted(index);
    const inEntry = [{ at: bitmaps.directoryOffset + entry.at, length: entry.length }];
    if (entry.extraDataSize !== 0) throw new HeadRefusal(inEntry, 'Bitmap extra data is not supported');
    if (bitmapEntryProblem(entry, 2 ** header.clusterBits, header.virtualSize) !== null) {
      throw new HeadRefusal(inEntry, `Bitmap '${entry.name}' doesn't satisfy the constraints`);
    }
  });
  if (hasHalfEntry) mustBeCounted(entries.length);
  if (isBroken) throw invalid('Broken bitmap directory');
  if (entries.length !== bitmaps.bitmapCount) throw invalid('Less bitmaps found than specified in header extension');
  return entries;
}
