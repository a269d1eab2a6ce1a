import { EngineError } from '../errors.ts';
import type { HostOffset } from '../format/addresses.ts';
import { HEADER, HEADER_V2_LENGTH, HEADER_V3_LENGTH } from '../format/header.ts';
import { encodeFeatureNames } from '../format/feature-name-table.ts';
import {
  encodeBitmapsExtension,
  encodeExtension,
  encodeLuksExtension,
  EXTENSION_BACKING_FORMAT,
  EXTENSION_BITMAPS,
  EXTENSION_DATA_FILE,
  EXTENSION_END,
  EXTENSION_FEATURE_NAMES,
  EXTENSION_LUKS,
} from '../format/header-extensions.ts';
import { encodeName } from '../format/name.ts';
import type { ImageHead } from './head.ts';

/** What a header rewrite needs to know. */
export type HeaderParts = Pick<ImageHead, 'header' | 'extensions' | 'backingFile' | 'backingFormat' | 'dataFile'>;

/** Only larger clusters get a feature name table; in small ones it would take the room of the backing file name. */
const FEATURE_NAMES_CLUSTER_SIZE = 4096;

/** What a disk persists whole or not at all. */
export const HEADER_SECTOR = 512;

/** The whole first cluster as a header rewrite emits it: header, extensions in QEMU's order, end marker, backing file name, zeros. */
export function encodeHeaderCluster(head: HeaderParts): Uint8Array {
  const clusterSize = 2 ** head.header.clusterBits;
  const hasFeatureNames = head.header.version === 3 && clusterSize > FEATURE_NAMES_CLUSTER_SIZE;
  return layOut(head, { size: clusterSize, hasFeatureNames, nameAt: null });
}

/** A header in one sector, whatever follows it. */
export interface HeaderInSector {
  readonly sector: Uint8Array;
  /** Of the backing file, where it stands elsewhere. */
  readonly name: Uint8Array | null;
}

/**
 * The same header within its first sector: without the names of the features, which only explain, and with the name of the
 * backing file at `nameAt` where it does not fit. Null if that is not enough.
 */
export function encodeHeaderInSector(head: HeaderParts, nameAt: HostOffset): HeaderInSector | null {
  const name = head.backingFile === null ? null : encodeName(head.backingFile);
  const end = headerEnd(head) + lengthOf(extensionsOf(head, { hasFeatureNames: false }));
  if (end > HEADER_SECTOR) return null;
  const isApart = name !== null && end + name.length > HEADER_SECTOR;
  const layout = { size: HEADER_SECTOR, hasFeatureNames: false, nameAt: isApart ? nameAt : null };
  return { sector: layOut(head, layout), name: isApart ? name : null };
}

interface HeaderLayout {
  readonly size: number;
  readonly hasFeatureNames: boolean;
  /** Where the name of the backing file stands, outside of these bytes; null: behind the extensions. */
  readonly nameAt: HostOffset | null;
}

function layOut(head: HeaderParts, { size, hasFeatureNames, nameAt }: HeaderLayout): Uint8Array {
  const bytes = new Uint8Array(size);
  const name = head.backingFile === null ? null : encodeName(head.backingFile);
  let at = headerEnd(head);
  mustFit(at, bytes);
  const headerLength = at;
  const append = (part: Uint8Array) => {
    mustFit(at + part.length, bytes);
    bytes.set(part, at);
    at += part.length;
  };
  for (const extension of extensionsOf(head, { hasFeatureNames })) append(extension);
  const backingFileOffset = name === null ? 0 : (nameAt ?? at);
  if (name !== null && nameAt === null) append(name);
  encodeFields(head, bytes, { headerLength, backingFileOffset, backingFileSize: name?.length ?? 0 });
  return bytes;
}

function headerEnd({ header }: HeaderParts): number {
  return header.version === 2 ? HEADER_V2_LENGTH : HEADER_V3_LENGTH + header.unknownFields.length;
}

function lengthOf(parts: Iterable<Uint8Array>): number {
  let length = 0;
  for (const part of parts) length += part.length;
  return length;
}

function* extensionsOf(
  { extensions, backingFormat, dataFile }: HeaderParts,
  { hasFeatureNames }: Pick<HeaderLayout, 'hasFeatureNames'>,
): Generator<Uint8Array> {
  if (backingFormat !== null) yield encodeExtension(EXTENSION_BACKING_FORMAT, encodeName(backingFormat));
  if (dataFile !== null) yield encodeExtension(EXTENSION_DATA_FILE, encodeName(dataFile));
  if (extensions.luks !== null) yield encodeExtension(EXTENSION_LUKS, encodeLuksExtension(extensions.luks));
  if (hasFeatureNames) yield encodeExtension(EXTENSION_FEATURE_NAMES, encodeFeatureNames());
  if (extensions.bitmaps !== null) {
    yield encodeExtension(EXTENSION_BITMAPS, encodeBitmapsExtension(extensions.bitmaps));
  }
  for (const { magic, data } of extensions.unknown) yield encodeExtension(magic, data);
  yield encodeExtension(EXTENSION_END, new Uint8Array(0));
}

function encodeFields(
  { header }: HeaderParts,
  cluster: Uint8Array,
  places: { headerLength: number; backingFileOffset: number; backingFileSize: number },
): void {
  const known = new Uint8Array(HEADER_V3_LENGTH);
  HEADER.encode({ ...header, ...places }, known);
  if (header.version === 2) {
    cluster.set(known.subarray(0, HEADER_V2_LENGTH));
    return;
  }
  cluster.set(known);
  cluster.set(header.unknownFields, HEADER_V3_LENGTH);
}

function mustFit(end: number, cluster: Uint8Array): void {
  if (end > cluster.length) throw new EngineError('no-space', 'No space left in the file header');
}
