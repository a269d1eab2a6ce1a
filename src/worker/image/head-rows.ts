import {
  extensionName,
  FEATURES,
  fieldSize,
  HEADER,
  HEADER_V2_LENGTH,
  HEADER_V3_LENGTH,
  readExtensions,
  type ExtensionArea,
  type Feature,
  type FeatureKind,
  type ImageHead,
  type Storage,
} from '#engine';
import type { ExtensionRow, FeatureRow, HeaderRow, SnapshotRow } from '#protocol';

/** The header field by field, as it stands on disk: fields that the image's version or header length lacks are left out. */
export function headerRows(storage: Storage, { header }: ImageHead): HeaderRow[] {
  const bytes = new Uint8Array(header.headerLength);
  storage.read(0, bytes);
  const values = HEADER.decode(bytes);
  const rows = Object.entries(HEADER.fields)
    .filter(([, field]) => field.at + fieldSize(field) <= bytes.length)
    .map(([name, field]) => ({
      field: name,
      at: field.at,
      length: fieldSize(field),
      hex: hexOf(bytes.subarray(field.at, field.at + fieldSize(field))),
      value: valueInWords(name, values[name as keyof typeof values]),
      meaning: field.meaning,
    }));
  const knownEnd = header.version < 3 ? HEADER_V2_LENGTH : HEADER_V3_LENGTH;
  if (bytes.length <= knownEnd) return rows;
  const unknown = bytes.subarray(knownEnd);
  const meaning = 'fields that newer programs wrote; kept as they are';
  return [
    ...rows,
    { field: 'unknownFields', at: knownEnd, length: unknown.length, hex: hexOf(unknown), value: '', meaning },
  ];
}

/** All features that are known, and every bit that is set without being known. */
export function featureRows(head: ImageHead): FeatureRow[] {
  if (head.geometry.version < 3) return [];
  const { header } = head;
  const words: Record<FeatureKind, bigint> = {
    incompatible: header.incompatibleFeatures,
    compatible: header.compatibleFeatures,
    autoclear: header.autoclearFeatures,
  };
  const known = FEATURES.map((feature) => ({
    ...feature,
    isSet: isSet(words[feature.kind], feature.bit),
    isKnown: true,
  }));
  const unknown = (Object.keys(words) as FeatureKind[]).flatMap((kind) =>
    Array.from({ length: 64 }, (_, bit) => ({ kind, bit }))
      .filter(({ bit }) => isSet(words[kind], bit) && !FEATURES.some((f: Feature) => f.kind === kind && f.bit === bit))
      .map(({ bit }) => ({ kind, bit, name: 'unknown', isSet: true, isKnown: false })),
  );
  return [...known, ...unknown];
}

export function extensionRows(storage: Storage, { header, geometry, backingFile }: ImageHead): ExtensionRow[] {
  const end = backingFile === null ? geometry.clusterSize : header.backingFileOffset;
  const area: ExtensionArea = readExtensions(storage, header.headerLength, end);
  return area.extensions.map(({ magic, at, data }) => ({
    magic,
    name: extensionName(magic) ?? 'unknown',
    at,
    length: data.length,
    value: extensionName(magic) !== null && isText(data) ? new TextDecoder().decode(data) : hexOf(data.subarray(0, 64)),
  }));
}

export function snapshotRows({ snapshots, header }: ImageHead): SnapshotRow[] {
  return snapshots.map(({ id, name, dateSeconds, vmStateSize, diskSize }) => ({
    id,
    name,
    dateSeconds,
    vmStateSize,
    virtualSize: diskSize ?? header.virtualSize,
  }));
}

function valueInWords(name: string, value: number | bigint): string {
  if (name === 'magic' || name.endsWith('Offset') || name.endsWith('Features')) return `0x${value.toString(16)}`;
  if (name === 'clusterBits') return `${value} (${2 ** Number(value)} bytes)`;
  if (name === 'refcountOrder') return `${value} (${2 ** Number(value)} bits)`;
  return String(value);
}

function isSet(word: bigint, bit: number): boolean {
  return ((word >> BigInt(bit)) & 1n) !== 0n;
}

function isText(data: Uint8Array): boolean {
  return data.length > 0 && data.every((byte) => byte >= 0x20 && byte < 0x7f);
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}
