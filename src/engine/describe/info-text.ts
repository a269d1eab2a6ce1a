import { BITMAP_AUTO, BITMAP_IN_USE, type BitmapEntry } from '../format/bitmap-directory.ts';
import { CORRUPT_BIT, DIRTY_BIT, LAZY_REFCOUNTS_BIT, RAW_EXTERNAL_DATA_BIT } from '../format/features.ts';
import { decodeLuksHeader, LUKS_HEADER_SIZE } from '../format/luks-header.ts';
import { readHead, type ImageHead } from '../image/head.ts';
import { luksReader } from '../image/image-cipher.ts';
import type { Storage } from '../storage/storage.ts';
import { luksInfoLines } from './luks-info.ts';
import { sizeText } from './size-text.ts';
import { snapshotListLines } from './snapshot-list.ts';

export interface InfoNames {
  readonly fileName: string;
  /** Bytes that the file occupies on disk; null where nobody knows. */
  readonly diskSize: number | null;
  /** Where the name of the backing file leads; null where that cannot be said, absent for beside the file. */
  readonly backingPath?: string | null;
}

/** The lines of `qemu-img info`, each with its line end. @throws EngineError as a read-only open does */
export function infoText(storage: Storage, names: InfoNames): string {
  const head = readHead(storage, { writable: false });
  const { header, geometry, snapshots } = head;
  const isDirty = (header.incompatibleFeatures & DIRTY_BIT) !== 0n;
  const lines = [
    `image: ${names.fileName}`,
    'file format: qcow2',
    `virtual size: ${sizeText(header.virtualSize)} (${BigInt(header.virtualSize)} bytes)`,
    `disk size: ${names.diskSize === null ? 'unavailable' : sizeText(names.diskSize)}`,
    ...(head.encryption === 'none' ? [] : ['encrypted: yes']),
    `cluster_size: ${geometry.clusterSize}`,
    ...(isDirty ? ['cleanly shut down: no'] : []),
    ...backingLines(head, names),
    ...(snapshots.length === 0 ? [] : snapshotListLines(snapshots)),
    'Format specific information:',
    ...specificLines(storage, head).map((line) => `    ${line}`),
  ];
  return lines.map((line) => `${line}\n`).join('');
}

function backingLines({ backingFile, backingFormat }: ImageHead, names: InfoNames): string[] {
  if (backingFile === null || backingFile === '') return [];
  const path = backingPathOf(names, backingFile);
  const actual =
    path === null ? ' (cannot determine actual path)' : path === backingFile ? '' : ` (actual path: ${path})`;
  const format = backingFormat === null || backingFormat === '' ? [] : [`backing file format: ${backingFormat}`];
  return [`backing file: ${backingFile}${actual}`, ...format];
}

/** Where a backing file name leads: if not said, a relative one starts at the folder of the image. */
export function backingPathOf({ fileName, backingPath }: InfoNames, backingFile: string): string | null {
  if (backingPath !== undefined) return backingPath;
  const hasProtocol = /^[^/]*:/.test(backingFile);
  if (backingFile.startsWith('/') || hasProtocol) return backingFile;
  return fileName.slice(0, fileName.lastIndexOf('/') + 1) + backingFile;
}

function specificLines(storage: Storage, head: ImageHead): string[] {
  const { header, geometry } = head;
  const isV3 = header.version === 3;
  const isRaw = (header.autoclearFeatures & RAW_EXTERNAL_DATA_BIT) !== 0n;
  return [
    `compat: ${isV3 ? '1.1' : '0.10'}`,
    `compression type: ${header.compressionType === 1 ? 'zstd' : 'zlib'}`,
    ...(isV3 ? [`lazy refcounts: ${(header.compatibleFeatures & LAZY_REFCOUNTS_BIT) !== 0n}`] : []),
    ...(head.bitmaps.length === 0 ? [] : ['bitmaps:', ...head.bitmaps.flatMap(bitmapLines).map(indented)]),
    `refcount bits: ${geometry.refcountBits}`,
    ...(head.dataFile === null ? [] : [`data file: ${head.dataFile}`]),
    ...(head.encryption === 'none' ? [] : ['encrypt:', ...encryptionLines(storage, head).map(indented)]),
    ...(head.hasDataFile ? [`data file raw: ${isRaw}`] : []),
    ...(isV3 ? [`corrupt: ${(header.incompatibleFeatures & CORRUPT_BIT) !== 0n}`] : []),
    ...(isV3 ? [`extended l2: ${geometry.extendedL2}`] : []),
  ];
}

function bitmapLines({ flags, name, granularityBits }: BitmapEntry, index: number): string[] {
  const flagNames = [
    ...((flags & BITMAP_IN_USE) !== 0 ? ['in-use'] : []),
    ...((flags & BITMAP_AUTO) !== 0 ? ['auto'] : []),
  ];
  return [
    `[${index}]:`,
    '    flags:',
    ...flagNames.map((flag, position) => `        [${position}]: ${flag}`),
    `    name: ${name}`,
    `    granularity: ${2 ** granularityBits}`,
  ];
}

function encryptionLines(storage: Storage, head: ImageHead): string[] {
  if (head.encryption === 'aes') return ['format: aes'];
  const bytes = new Uint8Array(LUKS_HEADER_SIZE);
  luksReader(storage, head)(0, bytes);
  return luksInfoLines(decodeLuksHeader(bytes), { namesFormat: true });
}

function indented(line: string): string {
  return `    ${line}`;
}
