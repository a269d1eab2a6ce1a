import { fieldSize } from '../bytes/struct.ts';
import { decodeFeatureNames, type FeatureName } from '../format/feature-name-table.ts';
import { FEATURE_KINDS, FEATURES, type FeatureKind } from '../format/features.ts';
import { HEADER } from '../format/header.ts';
import {
  BITMAPS_EXTENSION,
  EXTENSION_BACKING_FORMAT,
  EXTENSION_BITMAPS,
  EXTENSION_DATA_FILE,
  EXTENSION_FEATURE_NAMES,
  EXTENSION_LUKS,
  lastExtension,
  LUKS_EXTENSION,
  type HeaderExtension,
} from '../format/header-extensions.ts';
import { decodeName } from '../format/name.ts';
import type { Storage } from '../storage/storage.ts';
import { extensionLabel, shortBytes } from './annotate-header.ts';
import { exactValue, fieldText, hex, hexBytes, plural } from './field-text.ts';
import { headerLengthOf, outlineSnapshots, readOutline } from './outline.ts';

/** A header field for the overview. */
export interface HeaderFieldRow {
  readonly field: string;
  readonly at: number;
  readonly length: number;
  /** Bytes in hex. */
  readonly hex: string;
  readonly value: string;
  readonly meaning: string;
}

export interface HeaderFeatureRow {
  readonly kind: FeatureKind;
  readonly bit: number;
  readonly name: string;
  readonly isSet: boolean;
  readonly isKnown: boolean;
}

export interface HeaderExtensionRow {
  readonly magic: number;
  readonly name: string;
  readonly at: number;
  /** Bytes of data. */
  readonly length: number;
  readonly value: string;
}

export interface SnapshotListRow {
  readonly id: string;
  readonly name: string;
  readonly dateSeconds: number;
  readonly vmStateSize: number;
  readonly virtualSize: number;
}

/** The fields that the header has, by its version and length; all fields where it is not a qcow2 header. */
export function headerRows(storage: Storage): HeaderFieldRow[] {
  const bytes = new Uint8Array(HEADER.size);
  storage.read(0, bytes);
  const outline = readOutline(storage);
  const end = outline === null ? HEADER.size : headerLengthOf(outline.header, outline.geometry.clusterSize);
  return Object.entries(HEADER.fields)
    .filter(([, field]) => field.at + fieldSize(field) <= end)
    .map(([name, field]) => ({
      field: name,
      at: field.at,
      length: fieldSize(field),
      hex: hexBytes(bytes.subarray(field.at, field.at + fieldSize(field))),
      value: fieldText(name, exactValue(bytes, field)),
      meaning: field.meaning,
    }));
}

/** All known feature bits, and the unknown ones that are set, with the names that the image itself gives them. */
export function featureRows(storage: Storage): HeaderFeatureRow[] {
  const outline = readOutline(storage);
  if (outline === null || outline.header.version === 2) return [];
  const { header, extensions } = outline;
  const table = lastExtension(extensions, EXTENSION_FEATURE_NAMES);
  const names = table === null ? [] : decodeFeatureNames(table.data);
  const masks: Record<FeatureKind, bigint> = {
    incompatible: header.incompatibleFeatures,
    compatible: header.compatibleFeatures,
    autoclear: header.autoclearFeatures,
  };
  return FEATURE_KINDS.flatMap((kind) => featureRowsOf(kind, masks[kind], names));
}

function featureRowsOf(kind: FeatureKind, mask: bigint, names: readonly FeatureName[]): HeaderFeatureRow[] {
  const rows: HeaderFeatureRow[] = [];
  for (let bit = 0; bit < 64; bit++) {
    const isSet = ((mask >> BigInt(bit)) & 1n) !== 0n;
    const known = FEATURES.find((feature) => feature.kind === kind && feature.bit === bit);
    if (known === undefined && !isSet) continue;
    const named = names.find((name) => name.kind === kind && name.bit === bit && name.name !== '');
    rows.push({
      kind,
      bit,
      name: known?.name ?? named?.name ?? `unknown bit ${bit}`,
      isSet,
      isKnown: known !== undefined,
    });
  }
  return rows;
}

export function extensionRows(storage: Storage): HeaderExtensionRow[] {
  const outline = readOutline(storage);
  if (outline === null) return [];
  const { extensions, overrun } = outline.extensions;
  const rows = extensions.map((extension) => ({
    magic: extension.magic,
    name: extensionLabel(extension.magic),
    at: extension.at,
    length: extension.data.length,
    value: extensionText(extension),
  }));
  if (overrun === null) return rows;
  const value = 'claims more bytes than the header cluster has';
  return [...rows, { ...overrun, name: extensionLabel(overrun.magic), value }];
}

function extensionText({ magic, data }: HeaderExtension): string {
  switch (magic) {
    case EXTENSION_BACKING_FORMAT:
    case EXTENSION_DATA_FILE:
      return decodeName(data);
    case EXTENSION_FEATURE_NAMES:
      return plural(decodeFeatureNames(data).length, 'name');
    case EXTENSION_BITMAPS: {
      const { bitmapCount, directorySize, directoryOffset } = BITMAPS_EXTENSION.decode(data);
      return `${plural(bitmapCount, 'bitmap')}, directory of ${directorySize} bytes at ${hex(directoryOffset)}`;
    }
    case EXTENSION_LUKS: {
      const { offset, length } = LUKS_EXTENSION.decode(data);
      return `LUKS header of ${length} bytes at ${hex(offset)}`;
    }
    default:
      return shortBytes(data);
  }
}

export function snapshotRows(storage: Storage): SnapshotListRow[] {
  const outline = readOutline(storage);
  if (outline === null) return [];
  return Array.from(outlineSnapshots(storage, outline), ({ id, name, dateSeconds, vmStateSize, diskSize }) => ({
    id,
    name,
    dateSeconds,
    vmStateSize,
    virtualSize: diskSize ?? outline.header.virtualSize,
  }));
}
