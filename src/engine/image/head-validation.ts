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
import { REFCOUNT_TABLE_SIZE_MAX } from './refcounts.ts';

export const L1_TABLE_SIZE_MAX = 32 * 1024 * 1024;
const OFFSET_MAX = 2 ** 63;
const READ_END_MAX = 2 ** 63 - 2 ** 30;
const INT_MAX = 2 ** 31 - 1;

/** The first checks, on the first bytes alone: is it qcow2, and is the header where it can be read? */
export function judgeHeaderFields(bytes: Uint8Array): void {
  const header = decodeHeader(bytes);
  if (header.magic !== QCOW2_MAGIC) throw new EngineError('not-qcow2', 'Image is not in qcow2 format');
  if (header.version !== 2 && header.version !== 3) {
    throw new EngineError('unsupported', `Unsupported qcow2 version ${header.version}`);
  }
  if (header.clusterBits < 9 || header.clusterBits > 21) {
    throw invalid(`Unsupported cluster size: 2^${header.clusterBits}`);
  }
  const clusterSize = 2 ** header.clusterBits;
  if (header.version === 3 && header.headerLength < 104) throw invalid('qcow2 header too short');
  if (header.headerLength > clusterSize) throw invalid('qcow2 header exceeds cluster size');
  if (header.backingFileOffset > clusterSize) throw invalid('Invalid backing file offset');
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
    throw new EngineError('unsupported', `Unsupported qcow2 feature(s): ${names}`);
  }
  if ((header.incompatibleFeatures & CORRUPT_BIT) !== 0n && writable && !checkMode) {
    throw new EngineError('corrupt', 'qcow2: Image is corrupt; cannot be opened read/write');
  }
  const subclusterSize = 2 ** header.clusterBits / 32;
  if ((header.incompatibleFeatures & EXTENDED_L2_BIT) !== 0n && subclusterSize < 512) {
    throw invalid(`Unsupported subcluster size: ${subclusterSize}`);
  }
  if (header.refcountOrder > 6) throw invalid('Reference count entry width too large; may not exceed 64 bits');
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
    throw new EngineError('unsupported', `qcow2: unknown compression type: ${compressionType}`);
  }
  if (compressionType === 0 && isMarked) {
    throw invalid('qcow2: Compression type incompatible feature bit must not be set');
  }
  if (compressionType !== 0 && !isMarked) {
    throw invalid('qcow2: Compression type incompatible feature bit must be set');
  }
}

/** Positions and sizes of refcount table, snapshot table and L1 table, and whether the L1 table maps the whole disk. */
export function judgeTables(storage: Storage, header: Header, geometry: Geometry, checkMode: boolean): void {
  const bytes = new Uint8Array(HEADER.size);
  storage.read(0, bytes);
  const { clusterSize } = geometry;
  if (header.refcountTableClusters === 0 && !checkMode) throw invalid('Image does not contain a reference count table');
  judgeTable(bytes, 'refcountTableOffset', clusterSize, {
    name: 'Reference count table',
    entries: header.refcountTableClusters,
    entrySize: clusterSize,
    sizeMax: REFCOUNT_TABLE_SIZE_MAX,
  });
  if (!checkMode) {
    judgeTable(bytes, 'snapshotsOffset', clusterSize, {
      name: 'Snapshot table',
      entries: header.snapshotCount,
      entrySize: SNAPSHOT_HEADER.size,
      sizeMax: SNAPSHOT_HEADER.size * SNAPSHOTS_MAX,
    });
  }
  judgeTable(bytes, 'l1TableOffset', clusterSize, {
    name: 'Active L1 table',
    entries: header.l1Size,
    entrySize: 8,
    sizeMax: L1_TABLE_SIZE_MAX,
  });
  const l1Entries = hasUnthinkableSize(header, geometry) ? 0 : l1EntriesFor(geometry, header.virtualSize);
  if (l1Entries > INT_MAX) throw invalid('Image is too big');
  if (header.l1Size < l1Entries) throw invalid('L1 table is too small');
  mustBeReadable(header.l1TableOffset, header.l1Size * 8, 'Could not read L1 table');
  if (header.cryptMethod > 2) {
    throw new EngineError('unsupported', `Unsupported encryption method ${header.cryptMethod | 0}`);
  }
  const refcountTableSize = header.refcountTableClusters * clusterSize;
  mustBeReadable(header.refcountTableOffset, refcountTableSize, 'Could not initialize refcount handling');
}

/** A size with which QEMU's count of L1 entries wraps: it looks at all the rest of the image before it refuses that. */
export function hasUnthinkableSize({ virtualSize }: Header, { l2Coverage }: Geometry): boolean {
  return virtualSize > 2 ** 64 - l2Coverage;
}

/** Past the end of the file everything reads as zeros, but no file reaches the last GiB below 2^63. */
export function mustBeReadable(at: HostOffset, length: number, failure: string): void {
  if (length > 0 && (at >= READ_END_MAX || at + length > READ_END_MAX))
    throw new EngineError('io', `${failure}: Input/output error`);
}

interface TableClaim {
  readonly name: string;
  readonly entries: number;
  readonly entrySize: number;
  readonly sizeMax: number;
}

function judgeTable(
  bytes: Uint8Array,
  field: 'refcountTableOffset' | 'snapshotsOffset' | 'l1TableOffset',
  clusterSize: number,
  { name, entries, entrySize, sizeMax }: TableClaim,
): void {
  if (entries > Math.floor(sizeMax / entrySize)) throw invalid(`${name} too large`);
  const offset = getU64(viewOf(bytes), HEADER.fields[field].at);
  if (!isPointerAligned(bytes, field, clusterSize) || offset + entries * entrySize >= OFFSET_MAX) {
    throw invalid(`${name} offset invalid`);
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

function invalid(message: string): EngineError {
  return new EngineError('invalid-image', message);
}
