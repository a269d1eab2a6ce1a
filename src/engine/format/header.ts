import { defineStruct, type StructValue } from '../bytes/struct.ts';
import { COMPRESSION_TYPE_BIT, EXTENDED_L2_BIT, EXTERNAL_DATA_FILE_BIT } from './features.ts';
import { makeGeometry, type Geometry } from './geometry.ts';

export const QCOW2_MAGIC = 0x514649fb;
export const HEADER_V2_LENGTH = 72;
/** What QEMU 7.2 writes for version 3; 104 is the least that the specification allows. */
export const HEADER_V3_LENGTH = 112;

/** Spec: "Header". Fields from offset 72 on exist in version 3 only. */
export const HEADER = defineStruct('header', {
  magic: { at: 0, type: 'u32', meaning: 'magic: QFI and 0xfb' },
  version: { at: 4, type: 'u32', meaning: 'format version: 2 (compat 0.10) or 3 (compat 1.1)' },
  backingFileOffset: { at: 8, type: 'u64', meaning: 'where the backing file name stands; 0: no backing file' },
  backingFileSize: { at: 16, type: 'u32', meaning: 'length of the backing file name in bytes' },
  clusterBits: { at: 20, type: 'u32', meaning: 'cluster size as a power of two' },
  virtualSize: { at: 24, type: 'u64', meaning: 'size of the virtual disk in bytes' },
  cryptMethod: { at: 32, type: 'u32', meaning: 'encryption: 0 none, 1 AES, 2 LUKS' },
  l1Size: { at: 36, type: 'u32', meaning: 'entries of the active L1 table' },
  l1TableOffset: { at: 40, type: 'u64', meaning: 'where the active L1 table starts' },
  refcountTableOffset: { at: 48, type: 'u64', meaning: 'where the refcount table starts' },
  refcountTableClusters: { at: 56, type: 'u32', meaning: 'clusters of the refcount table' },
  snapshotCount: { at: 60, type: 'u32', meaning: 'number of internal snapshots' },
  snapshotsOffset: { at: 64, type: 'u64', meaning: 'where the snapshot table starts' },
  incompatibleFeatures: { at: 72, type: 'flags64', meaning: 'features a reader must know: dirty, corrupt, …' },
  compatibleFeatures: { at: 80, type: 'flags64', meaning: 'features a reader may ignore: lazy refcounts' },
  autoclearFeatures: { at: 88, type: 'flags64', meaning: 'features an unaware writer must clear: bitmaps, …' },
  refcountOrder: { at: 96, type: 'u32', meaning: 'refcount width as a power of two bits' },
  headerLength: { at: 100, type: 'u32', meaning: 'length of the header in bytes' },
  compressionType: { at: 104, type: 'u8', meaning: 'compression: 0 deflate, 1 zstd' },
});

export type HeaderFields = StructValue<typeof HEADER.fields>;

/** A decoded header: what stands on disk, except that version 2 gets the values that it implies. */
export interface Header extends HeaderFields {
  /** Bytes between the known header (112) and `headerLength`, kept verbatim at every rewrite. */
  unknownFields: Uint8Array;
}

/**
 * Decodes the first bytes of an image, whatever they are; validation is the opener's work.
 * Version 2 implies: no features, 16-bit refcounts, header length 72. The compression type counts only where
 * `headerLength` reaches beyond it.
 */
export function decodeHeader(bytes: Uint8Array): Header {
  const fields = HEADER.decode(bytes);
  if (fields.version < 3) {
    Object.assign(fields, {
      incompatibleFeatures: 0n,
      compatibleFeatures: 0n,
      autoclearFeatures: 0n,
      refcountOrder: 4,
      headerLength: HEADER_V2_LENGTH,
      compressionType: 0,
    });
  }
  if (fields.headerLength <= 104) fields.compressionType = 0;
  const unknownFields = bytes.slice(HEADER_V3_LENGTH, Math.max(HEADER_V3_LENGTH, fields.headerLength));
  return { ...fields, unknownFields };
}

export function geometryOf(header: Header): Geometry {
  return makeGeometry({
    version: header.version >= 3 ? 3 : 2,
    clusterBits: header.clusterBits,
    refcountOrder: header.refcountOrder,
    extendedL2: (header.incompatibleFeatures & EXTENDED_L2_BIT) !== 0n,
    hasDataFile: (header.incompatibleFeatures & EXTERNAL_DATA_FILE_BIT) !== 0n,
  });
}

export function compressionOf(header: Header): 'zlib' | 'zstd' {
  return usesZstd(header) ? 'zstd' : 'zlib';
}

export function usesZstd(header: Header): boolean {
  return (header.incompatibleFeatures & COMPRESSION_TYPE_BIT) !== 0n && header.compressionType === 1;
}
