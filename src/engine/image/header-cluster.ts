import { EngineError } from '../errors.ts';
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

/**
 * The whole first cluster as a header rewrite emits it: header, extensions in QEMU's order, end marker, backing file name,
 * zeros. Always one write of one cluster, so the old header stays whole until the new one is there.
 */
export function encodeHeaderCluster(head: HeaderParts): Uint8Array {
  const { header } = head;
  const cluster = new Uint8Array(2 ** header.clusterBits);
  const name = head.backingFile === null ? null : encodeName(head.backingFile);
  let at = header.version === 2 ? HEADER_V2_LENGTH : HEADER_V3_LENGTH + header.unknownFields.length;
  mustFit(at, cluster);
  const headerLength = at;
  const append = (bytes: Uint8Array) => {
    mustFit(at + bytes.length, cluster);
    cluster.set(bytes, at);
    at += bytes.length;
  };
  for (const extension of extensionsOf(head)) append(extension);
  const backingFileOffset = name === null ? 0 : at;
  if (name !== null) append(name);
  encodeFields(head, cluster, { headerLength, backingFileOffset, backingFileSize: name?.length ?? 0 });
  return cluster;
}

function* extensionsOf({ header, extensions, backingFormat, dataFile }: HeaderParts): Generator<Uint8Array> {
  if (backingFormat !== null) yield encodeExtension(EXTENSION_BACKING_FORMAT, encodeName(backingFormat));
  if (dataFile !== null) yield encodeExtension(EXTENSION_DATA_FILE, encodeName(dataFile));
  if (extensions.luks !== null) yield encodeExtension(EXTENSION_LUKS, encodeLuksExtension(extensions.luks));
  if (header.version === 3 && 2 ** header.clusterBits > FEATURE_NAMES_CLUSTER_SIZE) {
    yield encodeExtension(EXTENSION_FEATURE_NAMES, encodeFeatureNames());
  }
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
