import type { GuestOffset } from './addresses.ts';

/** The sizes that follow from the header, computed once. All `…Size` are bytes, all `…Entries` counts. */
export interface Geometry {
  readonly version: 2 | 3;
  readonly clusterBits: number;
  readonly clusterSize: number;
  readonly extendedL2: boolean;
  /** Guest data is in a file of its own, where offset 0 is a place like any other. */
  readonly hasDataFile: boolean;
  /** Bytes of an L2 entry: 8, or 16 with extended L2. */
  readonly l2EntrySize: 8 | 16;
  readonly l2Entries: number;
  /** Guest bytes that one L2 table maps. */
  readonly l2Coverage: number;
  /** Equal to the cluster size without extended L2, a 32nd of it with. */
  readonly subclusterSize: number;
  readonly refcountBits: number;
  readonly refcountBlockEntries: number;
  /** Host bytes that one refcount block covers. */
  readonly refcountBlockCoverage: number;
  /** Position of the size bits in a compressed descriptor: x = 62 - (cluster_bits - 8). Spec: "Compressed Clusters Descriptor". */
  readonly compressedSizeShift: number;
}

export interface GeometryFields {
  readonly version: 2 | 3;
  readonly clusterBits: number;
  readonly refcountOrder: number;
  readonly extendedL2: boolean;
  readonly hasDataFile: boolean;
}

export function makeGeometry({
  version,
  clusterBits,
  refcountOrder,
  extendedL2,
  hasDataFile,
}: GeometryFields): Geometry {
  const clusterSize = 2 ** clusterBits;
  const l2EntrySize = extendedL2 ? 16 : 8;
  const l2Entries = clusterSize / l2EntrySize;
  const refcountBits = 1 << refcountOrder;
  const refcountBlockEntries = (clusterSize * 8) / refcountBits;
  return {
    version,
    clusterBits,
    clusterSize,
    extendedL2,
    hasDataFile,
    l2EntrySize,
    l2Entries,
    l2Coverage: l2Entries * clusterSize,
    subclusterSize: extendedL2 ? clusterSize / 32 : clusterSize,
    refcountBits,
    refcountBlockEntries,
    refcountBlockCoverage: refcountBlockEntries * clusterSize,
    compressedSizeShift: 62 - (clusterBits - 8),
  };
}

export function l1IndexOf(geometry: Geometry, guestOffset: GuestOffset): number {
  return Math.floor(guestOffset / geometry.l2Coverage);
}

export function l2IndexOf(geometry: Geometry, guestOffset: GuestOffset): number {
  return Math.floor((guestOffset % geometry.l2Coverage) / geometry.clusterSize);
}

/** L1 entries needed to map `virtualSize` bytes. */
export function l1EntriesFor(geometry: Geometry, virtualSize: number): number {
  return Math.ceil(virtualSize / geometry.l2Coverage);
}
