import { EngineError, type Storage } from '#engine';
import { encodeExtensions, readExtensions, type Extension } from './extensions.ts';
import { bitNumbers, decimal, decodeFields, encodeFields, hex, sizeOf, type Field, type Values } from './fields.ts';
import { readPart } from './read-part.ts';

export const HEADER: readonly Field[] = [
  { name: 'magic', width: 4, format: hex },
  { name: 'version', width: 4, format: decimal },
  { name: 'backing_file_offset', width: 8, format: hex },
  { name: 'backing_file_size', width: 4, format: hex },
  { name: 'cluster_bits', width: 4, format: decimal },
  { name: 'size', width: 8, format: decimal },
  { name: 'crypt_method', width: 4, format: decimal },
  { name: 'l1_size', width: 4, format: decimal },
  { name: 'l1_table_offset', width: 8, format: hex },
  { name: 'refcount_table_offset', width: 8, format: hex },
  { name: 'refcount_table_clusters', width: 4, format: decimal },
  { name: 'nb_snapshots', width: 4, format: decimal },
  { name: 'snapshot_offset', width: 8, format: hex },
  { name: 'incompatible_features', width: 8, format: bitNumbers },
  { name: 'compatible_features', width: 8, format: bitNumbers },
  { name: 'autoclear_features', width: 8, format: bitNumbers },
  { name: 'refcount_order', width: 4, format: decimal },
  { name: 'header_length', width: 4, format: decimal },
];

/** What version 2 does not have in the file. */
const VERSION_2: readonly (readonly [string, bigint])[] = [
  ['incompatible_features', 0n],
  ['compatible_features', 0n],
  ['autoclear_features', 0n],
  ['refcount_order', 4n],
  ['header_length', 72n],
];

/** The header of an image, its extensions and the name of its backing file, taken as they stand: nothing is judged. */
export interface HeaderParts {
  readonly values: Values;
  readonly extensions: Extension[];
  readonly backingName: Uint8Array | null;
  /** By the cluster_bits that were read: a changed one does not change what fits. */
  readonly clusterSize: number;
}

/** @throws TooShort where the file ends before the header or an extension does */
export function readHeader(storage: Storage): HeaderParts {
  const values = decodeFields('the header', HEADER, readPart(storage, 0, sizeOf(HEADER)));
  if (values.get('version') === 2n) for (const [name, value] of VERSION_2) values.set(name, value);
  const clusterSize = 2 ** Number(values.get('cluster_bits'));
  const backingOffset = Number(values.get('backing_file_offset'));
  const end = backingOffset === 0 ? clusterSize : Math.min(clusterSize, backingOffset);
  return {
    values,
    extensions: readExtensions(storage, Number(values.get('header_length')), end, clusterSize),
    backingName: backingOffset === 0 ? null : readPart(storage, backingOffset, Number(values.get('backing_file_size'))),
    clusterSize,
  };
}

/**
 * Writes the header back: extensions behind it, the backing file's name behind them.
 * @throws EngineError no-space, before anything is written, where they do not fit into the first cluster
 */
export function writeHeader(storage: Storage, { values, extensions, backingName, clusterSize }: HeaderParts): void {
  const headerLength = Number(values.get('header_length'));
  const extensionBytes = encodeExtensions(extensions);
  const nameOffset = headerLength + extensionBytes.length;
  const end = nameOffset + (backingName?.length ?? 0);
  if (end > clusterSize) {
    throw new EngineError('no-space', 'The header does not fit into the first cluster. Nothing was written.');
  }
  storage.write(headerLength, extensionBytes, 'header-other');
  if (backingName !== null) {
    storage.write(nameOffset, backingName, 'header-other');
    values.set('backing_file_offset', BigInt(nameOffset));
  }
  // The last byte of the header's length is not written, so that it says of itself what it said before.
  storage.write(0, encodeFields(HEADER, values).subarray(0, headerLength - 1), 'header-other');
  storage.flush('flush-close');
}
