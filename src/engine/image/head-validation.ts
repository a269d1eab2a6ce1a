import { getU64, viewOf } from '../bytes/big-endian.ts';
import { EngineError, isEngineError } from '../errors.ts';
import type { HostOffset } from '../format/addresses.ts';
import { decodeFeatureNames, nameIncompatibleBits } from '../format/feature-name-table.ts';
import { COMPRESSION_TYPE_BIT, CORRUPT_BIT, EXTENDED_L2_BIT, KNOWN_INCOMPATIBLE } from '../format/features.ts';
import { l1EntriesFor, type Geometry } from '../format/geometry.ts';
import { decodeHeader, HEADER, QCOW2_MAGIC, type Header } from '../format/header.ts';
import { EXTENSION_FEATURE_NAMES, lastExtension, type ExtensionArea } from '../format/header-extensions.ts';
import { SNAPSHOT_HEADER, SNAPSHOTS_MAX } from '../format/snapshot-table.ts';
import type { Storage } from '../storage/storage.ts';
import { judgeExtensions, type HeadWarning } from './head-extensions.ts';
import { fieldPlaces, HeadRefusal, type HeaderField } from './head-refusal.ts';
import { REFCOUNT_TABLE_SIZE_MAX } from './refcounts.ts';

export const L1_TABLE_SIZE_MAX = 32 * 1024 * 1024;
const OFFSET_MAX = 2 ** 63;
const READ_END_MAX = 2 ** 63 - 2 ** 30;
const INT_MAX = 2 ** 31 - 1;

/** The first checks, on the first bytes alone: is it qcow2, and is the header where it can be read? */
export function judgeHeaderFields(bytes: Uint8Array): void {
  const header = decodeHeader(bytes);
  if (header.magic !== QCOW2_MAGIC) {
    throw new HeadRefusal(fieldPlaces('magic'), 'Image is not in qcow2 format', { code: 'not-qcow2' });
  }
  if (header.version !== 2 && header.version !== 3) {
    const message = `Unsupported qcow2 version ${header.version}`;
    throw new HeadRefusal(fieldPlaces('version'), message, { code: 'unsupported' });
  }
  if (header.clusterBits < 9 || header.clusterBits > 21) {
    throw invalid(['clusterBits'], `Unsupported cluster size: 2^${header.clusterBits}`);
  }
  const clusterSize = 2 ** header.clusterBits;
  if (header.version === 3 && header.headerLength < 104) throw invalid(['headerLength'], 'qcow2 header too short');
  if (header.headerLength > clusterSize) throw invalid(['headerLength'], 'qcow2 header exceeds cluster size');
  if (header.backingFileOffset > clusterSize) throw invalid(['backingFileOffset'], 'Invalid backing file offset');
}

/** Compression type, incompatible features, the corrupt bit, subclusters and refcount width. */
export function judgeFeatures(
  header: Header,
  area: ExtensionArea,
  {
    writable,
    checkMode,
    onWarning,
  }: { writable: boolean; checkMode: boolean; onWarning: (warning: HeadWarning) => void },
): void {
  judgeCompressionType(header);
  const unknown = header.incompatibleFeatures & ~KNOWN_INCOMPATIBLE;
  if (unknown !== 0n) {
    const table = lastExtension(area, EXTENSION_FEATURE_NAMES);
    tellOfExtensions(header, area, onWarning);
    const names = nameIncompatibleBits(unknown, table === null ? [] : decodeFeatureNames(table.data));
    const message = `Unsupported qcow2 feature(s): ${names}`;
    throw new HeadRefusal(fieldPlaces('incompatibleFeatures'), message, { code: 'unsupported' });
  }
  if ((header.incompatibleFeatures & CORRUPT_BIT) !== 0n && writable && !checkMode) {
    throw new EngineError('corrupt', 'qcow2: Image is corrupt; cannot be opened read/write');
  }
  const subclusterSize = 2 ** header.clusterBits / 32;
  if ((header.incompatibleFeatures & EXTENDED_L2_BIT) !== 0n && subclusterSize < 512) {
    throw invalid(['clusterBits', 'incompatibleFeatures'], `Unsupported subcluster size: ${subclusterSize}`);
  }
  if (header.refcountOrder > 6) {
    throw invalid(['refcountOrder'], 'Reference count entry width too large; may not exceed 64 bits');
  }
}

/** QEMU goes through the extensions for the names of the features, and tells on the way what they are worth telling. */
function tellOfExtensions(header: Header, area: ExtensionArea, onWarning: (warning: HeadWarning) => void): void {
  try {
    judgeExtensions(area, header, onWarning);
  } catch (error) {
    // What is wrong with them does not matter any more.
    if (!isEngineError(error)) throw error;
  }
}

function judgeCompressionType({ compressionType, incompatibleFeatures }: Header): void {
  const isMarked = (incompatibleFeatures & COMPRESSION_TYPE_BIT) !== 0n;
  if (compressionType > 1) {
    const message = `qcow2: unknown compression type: ${compressionType}`;
    throw new HeadRefusal(fieldPlaces('compressionType'), message, { code: 'unsupported' });
  }
  const disagreeing = ['incompatibleFeatures', 'compressionType'] as const;
  if (compressionType === 0 && isMarked) {
    throw invalid(disagreeing, 'qcow2: Compression type incompatible feature bit must not be set');
  }
  if (compressionType !== 0 && !isMarked) {
    throw invalid(disagreeing, 'qcow2: Compression type incompatible feature bit must be set');
  }
}

/** Positions and sizes of refcount table, snapshot table and L1 table, and whether the L1 table maps the whole disk. */
export function judgeTables(storage: Storage, header: Header, geometry: Geometry, checkMode: boolean): void {
  const bytes = new Uint8Array(HEADER.size);
  storage.read(0, bytes);
  const { clusterSize } = geometry;
  if (header.refcountTableClusters === 0 && !checkMode) {
    throw invalid(['refcountTableClusters'], 'Image does not contain a reference count table');
  }
  judgeTable(bytes, { offset: 'refcountTableOffset', count: 'refcountTableClusters' }, clusterSize, {
    name: 'Reference count table',
    entries: header.refcountTableClusters,
    entrySize: clusterSize,
    sizeMax: REFCOUNT_TABLE_SIZE_MAX,
  });
  if (!checkMode) {
    judgeTable(bytes, { offset: 'snapshotsOffset', count: 'snapshotCount' }, clusterSize, {
      name: 'Snapshot table',
      entries: header.snapshotCount,
      entrySize: SNAPSHOT_HEADER.size,
      sizeMax: SNAPSHOT_HEADER.size * SNAPSHOTS_MAX,
    });
  }
  judgeTable(bytes, { offset: 'l1TableOffset', count: 'l1Size' }, clusterSize, {
    name: 'Active L1 table',
    entries: header.l1Size,
    entrySize: 8,
    sizeMax: L1_TABLE_SIZE_MAX,
  });
  const l1Entries = hasUnthinkableSize(header, geometry) ? 0 : l1EntriesFor(geometry, header.virtualSize);
  if (l1Entries > INT_MAX) throw invalid(['virtualSize'], 'Image is too big');
  if (header.l1Size < l1Entries) throw invalid(['l1Size', 'virtualSize'], 'L1 table is too small');
  judgeReadable(header, 'l1TableOffset', header.l1Size * 8, 'Could not read L1 table');
  if (header.cryptMethod > 2) {
    const message = `Unsupported encryption method ${header.cryptMethod | 0}`;
    throw new HeadRefusal(fieldPlaces('cryptMethod'), message, { code: 'unsupported' });
  }
  const refcountTableSize = header.refcountTableClusters * clusterSize;
  judgeReadable(header, 'refcountTableOffset', refcountTableSize, 'Could not initialize refcount handling');
}

/** A size with which QEMU's count of L1 entries wraps: it looks at all the rest of the image before it refuses that. */
export function hasUnthinkableSize({ virtualSize }: Header, { l2Coverage }: Geometry): boolean {
  return virtualSize > 2 ** 64 - l2Coverage;
}

/** Past the end of the file everything reads as zeros, but no file reaches the last GiB below 2^63. */
export function mustBeReadable(at: HostOffset, length: number, failure: string): void {
  if (isOutOfReach(at, length)) throw new EngineError('io', `${failure}: Input/output error`);
}

/** The same of a table that the header names. */
export function judgeReadable(
  header: Header,
  field: 'refcountTableOffset' | 'snapshotsOffset' | 'l1TableOffset',
  length: number,
  failure: string,
): void {
  if (!isOutOfReach(header[field], length)) return;
  throw new HeadRefusal(fieldPlaces(field), `${failure}: Input/output error`, { code: 'io' });
}

function isOutOfReach(at: HostOffset, length: number): boolean {
  return length > 0 && (at >= READ_END_MAX || at + length > READ_END_MAX);
}

interface TableClaim {
  readonly name: string;
  readonly entries: number;
  readonly entrySize: number;
  readonly sizeMax: number;
}

function judgeTable(
  bytes: Uint8Array,
  fields: {
    readonly offset: 'refcountTableOffset' | 'snapshotsOffset' | 'l1TableOffset';
    readonly count: 'refcountTableClusters' | 'snapshotCount' | 'l1Size';
  },
  clusterSize: number,
  { name, entries, entrySize, sizeMax }: TableClaim,
): void {
  if (entries > Math.floor(sizeMax / entrySize)) throw invalid([fields.count], `${name} too large`);
  const offset = getU64(viewOf(bytes), HEADER.fields[fields.offset].at);
  if (!isPointerAligned(bytes, fields.offset, clusterSize) || offset + entries * entrySize >= OFFSET_MAX) {
    throw invalid([fields.offset], `${name} offset invalid`);
  }
}

/** Whether the header names the start of a cluster. Its bytes are asked: a number does not hold the low bits of a huge offset. */
export function isPointerAligned(
  bytes: Uint8Array,
  field: 'refcountTableOffset' | 'snapshotsOffset' | 'l1TableOffset',
  clusterSize: number,
): boolean {
  return viewOf(bytes).getUint32(HEADER.fields[field].at + 4) % clusterSize === 0;
}

function invalid(fields: readonly HeaderField[], message: string): HeadRefusal {
  return new HeadRefusal(fieldPlaces(...fields), message);
}
