export type FeatureKind = 'incompatible' | 'compatible' | 'autoclear';

export interface Feature {
  readonly kind: FeatureKind;
  readonly bit: number;
  /** The name in QEMU's feature name table, for bits that QEMU 7.2 knows. */
  readonly name: string;
}

export const DIRTY_BIT = 1n << 0n;
export const CORRUPT_BIT = 1n << 1n;
export const EXTERNAL_DATA_FILE_BIT = 1n << 2n;
export const COMPRESSION_TYPE_BIT = 1n << 3n;
export const EXTENDED_L2_BIT = 1n << 4n;
export const LAZY_REFCOUNTS_BIT = 1n << 0n;
export const BITMAPS_BIT = 1n << 0n;
export const RAW_EXTERNAL_DATA_BIT = 1n << 1n;

export const KNOWN_INCOMPATIBLE =
  DIRTY_BIT | CORRUPT_BIT | EXTERNAL_DATA_FILE_BIT | COMPRESSION_TYPE_BIT | EXTENDED_L2_BIT;
export const KNOWN_AUTOCLEAR = BITMAPS_BIT | RAW_EXTERNAL_DATA_BIT;

/** The features of format version 3 in the order of the feature name table that QEMU writes. Spec: "Feature name table". */
export const FEATURES: readonly Feature[] = [
  { kind: 'incompatible', bit: 0, name: 'dirty bit' },
  { kind: 'incompatible', bit: 1, name: 'corrupt bit' },
  { kind: 'incompatible', bit: 2, name: 'external data file' },
  { kind: 'incompatible', bit: 3, name: 'compression type' },
  { kind: 'incompatible', bit: 4, name: 'extended L2 entries' },
  { kind: 'compatible', bit: 0, name: 'lazy refcounts' },
  { kind: 'autoclear', bit: 0, name: 'bitmaps' },
  { kind: 'autoclear', bit: 1, name: 'raw external data' },
];

/** Type numbers of the feature name table. */
export const FEATURE_KINDS: readonly FeatureKind[] = ['incompatible', 'compatible', 'autoclear'];
