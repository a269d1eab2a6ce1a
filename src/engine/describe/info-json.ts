import { BITMAP_AUTO, BITMAP_IN_USE, type BitmapEntry } from '../format/bitmap-directory.ts';
import { CORRUPT_BIT, DIRTY_BIT, LAZY_REFCOUNTS_BIT, RAW_EXTERNAL_DATA_BIT } from '../format/features.ts';
import { decodeLuksHeader, LUKS_HEADER_SIZE } from '../format/luks-header.ts';
import type { SnapshotEntry } from '../format/snapshot-table.ts';
import { readHead, type ImageHead } from '../image/head.ts';
import { luksReader } from '../image/image-cipher.ts';
import type { Storage } from '../storage/storage.ts';
import { backingPathOf, type InfoNames } from './info-text.ts';
import { luksInfoJson } from './luks-info.ts';
import { listedId, listedName, printedIcount } from './snapshot-list.ts';

/** The object of `qemu-img info --output=json`, its keys in QEMU's order. @throws EngineError as a read-only open does */
export function infoJson(storage: Storage, names: InfoNames): Readonly<Record<string, unknown>> {
  const head = readHead(storage, { writable: false });
  const { header, geometry, snapshots, backingFile, backingFormat } = head;
  const hasBacking = backingFile !== null && backingFile !== '';
  const backingPath = hasBacking ? backingPathOf(names, backingFile) : null;
  return {
    ...(hasBacking && backingFormat !== null && { 'backing-filename-format': backingFormat }),
    ...(snapshots.length > 0 && { snapshots: snapshots.map(snapshotJson) }),
    'virtual-size': header.virtualSize,
    filename: names.fileName,
    'cluster-size': geometry.clusterSize,
    format: 'qcow2',
    ...(names.diskSize !== null && { 'actual-size': names.diskSize }),
    'format-specific': { type: 'qcow2', data: specificJson(storage, head) },
    ...(backingPath !== null && { 'full-backing-filename': backingPath }),
    ...(head.encryption !== 'none' && { encrypted: true }),
    ...(hasBacking && { 'backing-filename': backingFile }),
    'dirty-flag': (header.incompatibleFeatures & DIRTY_BIT) !== 0n,
  };
}

function snapshotJson({ id, name, vmStateSize, dateSeconds, dateNanoseconds, vmClock, icount }: SnapshotEntry) {
  return {
    ...(icount !== null && { icount: printedIcount(icount) }),
    'vm-clock-nsec': vmClock % 1_000_000_000n,
    name: listedName(name),
    'date-sec': dateSeconds,
    'date-nsec': dateNanoseconds,
    'vm-clock-sec': vmClock / 1_000_000_000n,
    id: listedId(id),
    'vm-state-size': vmStateSize,
  };
}

function specificJson(storage: Storage, head: ImageHead) {
  const { header, geometry } = head;
  const isV3 = header.version === 3;
  return {
    compat: isV3 ? '1.1' : '0.10',
    'compression-type': header.compressionType === 1 ? 'zstd' : 'zlib',
    ...(isV3 && { 'lazy-refcounts': (header.compatibleFeatures & LAZY_REFCOUNTS_BIT) !== 0n }),
    ...(head.bitmaps.length > 0 && { bitmaps: head.bitmaps.map(bitmapJson) }),
    'refcount-bits': geometry.refcountBits,
    ...(head.dataFile !== null && { 'data-file': head.dataFile }),
    ...(head.encryption !== 'none' && { encrypt: encryptionJson(storage, head) }),
    ...(head.hasDataFile && { 'data-file-raw': (header.autoclearFeatures & RAW_EXTERNAL_DATA_BIT) !== 0n }),
    ...(isV3 && { corrupt: (header.incompatibleFeatures & CORRUPT_BIT) !== 0n }),
    ...(isV3 && { 'extended-l2': geometry.extendedL2 }),
  };
}

function bitmapJson({ flags, name, granularityBits }: BitmapEntry) {
  return {
    flags: [...((flags & BITMAP_IN_USE) !== 0 ? ['in-use'] : []), ...((flags & BITMAP_AUTO) !== 0 ? ['auto'] : [])],
    name,
    granularity: 2 ** granularityBits,
  };
}

function encryptionJson(storage: Storage, head: ImageHead) {
  if (head.encryption === 'aes') return { format: 'aes' };
  const bytes = new Uint8Array(LUKS_HEADER_SIZE);
  luksReader(storage, head)(0, bytes);
  return luksInfoJson(decodeLuksHeader(bytes), { namesFormat: true });
}
