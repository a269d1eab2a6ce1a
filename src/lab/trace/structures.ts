import {
  COPIED_HIGH,
  DIRTY_BIT,
  FEATURES,
  HEADER,
  HEADER_V3_LENGTH,
  alignDown,
  fieldSize,
  getRefcount,
  getU64,
  l2KindOf,
  offsetOf,
  viewOf,
  type ClusterUse,
  type FeatureKind,
  type Geometry,
  type HostOffset,
  type Purpose,
} from '#engine';
import { SECTOR, contentText } from '../guest/sector-content.ts';

/** A piece of the image file that belongs to one structure. */
export interface Region {
  readonly use: ClusterUse;
  /** Where the structure starts; the region may be a part of it. */
  readonly tableAt: HostOffset;
  /** Which of its kind: L2 table of which L1 entry, block of which refcount table entry; null: unknown or only one. */
  readonly tableIndex: number | null;
  readonly at: HostOffset;
  readonly length: number;
  /** Nothing points to the table yet: what stands there belongs to no structure. */
  readonly isNew: boolean;
}

/** One entry of a structure: where it is, its name, and its value as text. */
export interface Entry {
  readonly label: string;
  readonly at: HostOffset;
  readonly length: number;
  format(bytes: Uint8Array): string;
}

/** The structure that a write with this purpose goes to. */
export function useOf(purpose: Purpose): ClusterUse {
  const found = USES.find(([prefix]) => purpose.startsWith(prefix));
  return found?.[1] ?? 'unknown';
}

const USES: readonly (readonly [string, ClusterUse])[] = [
  ['guest-data', 'data'],
  ['cow-copy', 'data'],
  ['zero-fill', 'data'],
  ['compressed-data', 'compressed'],
  ['l2-', 'l2'],
  ['repair-l2', 'l2'],
  ['l1-', 'l1'],
  ['repair-l1', 'l1'],
  ['refblock-', 'refcount-block'],
  ['repair-refblock', 'refcount-block'],
  ['reftable-', 'refcount-table'],
  ['repair-reftable', 'refcount-table'],
  ['header-', 'header'],
  ['repair-header', 'header'],
  ['snapshot-table', 'snapshot-table'],
  ['repair-snapshot-table', 'snapshot-table'],
  ['snapshot-l1', 'snapshot-l1'],
  ['bitmap-', 'bitmap'],
];

/** `L2[0]`, `refcount block 0`, `cluster 6`: the structure in a few words. */
export function regionLabel({ use, tableIndex, at }: Region, { clusterSize }: Geometry): string {
  switch (use) {
    case 'header':
      return 'header';
    case 'l1':
      return 'L1 table';
    case 'l2':
      return tableIndex === null ? 'L2 table' : `L2[${tableIndex}]`;
    case 'refcount-table':
      return 'refcount table';
    case 'refcount-block':
      return tableIndex === null ? 'refcount block' : `refcount block ${tableIndex}`;
    default:
      return `cluster ${Math.floor(at / clusterSize)}`;
  }
}

/** All entries that the region touches, in order. */
export function* entriesOf(region: Region, geometry: Geometry): Generator<Entry> {
  switch (region.use) {
    case 'header':
      return yield* headerEntries(region);
    case 'l1':
      return yield* tableEntries(region, 8, (index) => `L1[${index}]`, formatPointer);
    case 'refcount-table':
      return yield* tableEntries(region, 8, (index) => `refcount table[${index}]`, formatPointer);
    case 'l2': {
      const table = regionLabel(region, geometry);
      return yield* tableEntries(
        region,
        geometry.l2EntrySize,
        (index) => `${table}[${index}]`,
        (bytes) => formatL2Entry(bytes, geometry),
      );
    }
    case 'refcount-block':
      return yield* refcountEntries(region, geometry);
    default:
      return yield* sectorEntries(region, geometry);
  }
}

function* headerEntries({ at, length }: Region): Generator<Entry> {
  for (const [name, field] of Object.entries(HEADER.fields)) {
    const size = fieldSize(field);
    if (field.at + size <= at || field.at >= at + length) continue;
    if (name === 'incompatibleFeatures')
      yield { label: DIRTY_BIT_LABEL, at: field.at, length: size, format: formatDirtyBit };
    yield { label: `header ${name}`, at: field.at, length: size, format: (bytes) => formatHeaderField(name, bytes) };
  }
  const rest = Math.max(at, HEADER_V3_LENGTH);
  if (rest < at + length) {
    yield { label: 'header extensions', at: rest, length: at + length - rest, format: formatBytes };
  }
}

/** The dirty bit has a line of its own, apart from the other incompatible features. */
export const DIRTY_BIT_LABEL = 'header dirty bit';

function formatDirtyBit(bytes: Uint8Array): string {
  return (viewOf(bytes).getBigUint64(0) & DIRTY_BIT) === 0n ? 'clear' : 'set';
}

function formatHeaderField(name: string, bytes: Uint8Array): string {
  const kind = name.replace('Features', '') as FeatureKind;
  if (name.endsWith('Features')) {
    const all = viewOf(bytes).getBigUint64(0);
    const word = kind === 'incompatible' ? all & ~DIRTY_BIT : all;
    const names = FEATURES.filter((f) => f.kind === kind && (word >> BigInt(f.bit)) & 1n).map((f) => f.name);
    return names.length === 0 ? (word === 0n ? 'none' : `0x${word.toString(16)}`) : names.join(', ');
  }
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return name.endsWith('Offset') ? `0x${value.toString(16)}` : String(value);
}

function* tableEntries(
  { tableAt, at, length }: Region,
  entrySize: number,
  label: (index: number) => string,
  format: (bytes: Uint8Array) => string,
): Generator<Entry> {
  const end = at + length;
  for (let entryAt = tableAt + alignDown(at - tableAt, entrySize); entryAt < end; entryAt += entrySize) {
    yield { label: label((entryAt - tableAt) / entrySize), at: entryAt, length: entrySize, format };
  }
}

function formatPointer(bytes: Uint8Array): string {
  const view = viewOf(bytes);
  const high = view.getUint32(0);
  const offset = offsetOf(high, view.getUint32(4));
  if (offset === 0) return '0';
  return `0x${offset.toString(16)}${(high & COPIED_HIGH) !== 0 ? ' copied' : ''}`;
}

function formatL2Entry(bytes: Uint8Array, geometry: Geometry): string {
  const view = viewOf(bytes);
  const high = view.getUint32(0);
  const low = view.getUint32(4);
  const copied = (high & COPIED_HIGH) !== 0 ? ' copied' : '';
  const subclusters = geometry.extendedL2 ? ` bitmap 0x${getU64(view, 8).toString(16)}` : '';
  switch (l2KindOf(geometry, high, low)) {
    case 'unallocated':
      return geometry.extendedL2 ? `unallocated${subclusters}` : '0';
    case 'zero-plain':
      return 'zero';
    case 'zero-alloc':
      return `zero, 0x${offsetOf(high, low).toString(16)}${copied}`;
    case 'compressed':
      return `compressed 0x${high.toString(16)}${low.toString(16).padStart(8, '0')}`;
    case 'normal':
      return `0x${offsetOf(high, low).toString(16)}${copied}${subclusters}`;
  }
}

function* refcountEntries({ tableAt, tableIndex, at, length }: Region, geometry: Geometry): Generator<Entry> {
  const { refcountBits, refcountBlockEntries } = geometry;
  const perByte = Math.max(1, 8 / refcountBits);
  const entrySize = Math.max(1, refcountBits / 8);
  const firstCluster = (tableIndex ?? 0) * refcountBlockEntries;
  const of = tableIndex === null ? 'refcount of cluster +' : 'refcount of cluster ';
  for (let entryAt = alignDown(at - tableAt, entrySize); entryAt < at + length - tableAt; entryAt += entrySize) {
    for (let part = 0; part < perByte; part++) {
      yield {
        label: `${of}${firstCluster + (entryAt / entrySize) * perByte + part}`,
        at: tableAt + entryAt,
        length: entrySize,
        format: (bytes) => String(getRefcount(bytes, refcountBits, part)),
      };
    }
  }
}

function* sectorEntries({ at, length }: Region, { clusterSize }: Geometry): Generator<Entry> {
  for (let sectorAt = alignDown(at, SECTOR); sectorAt < at + length; sectorAt += SECTOR) {
    const cluster = Math.floor(sectorAt / clusterSize);
    yield {
      label: `cluster ${cluster} sector ${(sectorAt - cluster * clusterSize) / SECTOR}`,
      at: sectorAt,
      length: SECTOR,
      format: contentText,
    };
  }
}

function formatBytes(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return bytes.length > 8 ? `${shown} …` : shown;
}
