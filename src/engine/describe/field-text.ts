import type { FieldSpec } from '../bytes/struct.ts';
import { fieldSize } from '../bytes/struct.ts';
import { FEATURES, type FeatureKind } from '../format/features.ts';
import { sizeText } from './size-text.ts';

export function hex(value: number | bigint): string {
  return `0x${value.toString(16)}`;
}

/** The field's bytes as one big-endian number, exact whatever its size. */
export function exactValue(bytes: Uint8Array, field: FieldSpec): bigint {
  let value = 0n;
  for (const byte of bytes.subarray(field.at, field.at + fieldSize(field))) value = (value << 8n) | BigInt(byte);
  return value;
}

export function hexBytes(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}

/** Names of the bits that are set, such as `dirty bit, bit 17`. */
function featureText(kind: FeatureKind, mask: bigint): string {
  const names: string[] = [];
  for (let bit = 0; bit < 64; bit++) {
    if (((mask >> BigInt(bit)) & 1n) === 0n) continue;
    names.push(FEATURES.find((feature) => feature.kind === kind && feature.bit === bit)?.name ?? `bit ${bit}`);
  }
  return names.length === 0 ? 'none' : names.join(', ');
}

type FieldText = (value: bigint) => string;

const asOffset: FieldText = (value) => (value === 0n ? '0x0 (none)' : hex(value));
const asSize: FieldText = (value) => `${value} (${sizeText(Number(value))})`;
const asEntries: FieldText = (value) => plural(Number(value), 'entry', 'entries');
const CRYPT_METHODS = ['none', 'AES', 'LUKS'];
const COMPRESSION_TYPES = ['zlib', 'zstd'];

/** How the values of fields are shown; a field that is not here is shown as a plain number. */
const TEXTS: Readonly<Record<string, FieldText>> = {
  magic: hex,
  backingFileOffset: asOffset,
  clusterBits: (value) => `${value} (${value < 63n ? sizeText(Number(1n << value)) : 'too large'})`,
  virtualSize: asSize,
  cryptMethod: (value) => `${value} (${CRYPT_METHODS[Number(value)] ?? 'unknown'})`,
  l1Size: asEntries,
  l1TableOffset: asOffset,
  refcountTableOffset: asOffset,
  snapshotsOffset: asOffset,
  incompatibleFeatures: (value) => `${hex(value)} (${featureText('incompatible', value)})`,
  compatibleFeatures: (value) => `${hex(value)} (${featureText('compatible', value)})`,
  autoclearFeatures: (value) => `${hex(value)} (${featureText('autoclear', value)})`,
  refcountOrder: (value) => `${value} (${value < 63n ? plural(Number(1n << value), 'bit') : 'too large'})`,
  compressionType: (value) => `${value} (${COMPRESSION_TYPES[Number(value)] ?? 'unknown'})`,
  directoryOffset: asOffset,
  directorySize: asSize,
  offset: asOffset,
  vmStateSize: asSize,
  vmStateSizeLarge: asSize,
  diskSize: asSize,
  icount: (value) => (value === 0xffffffffffffffffn ? 'not recorded' : String(value)),
  tableOffset: asOffset,
  tableSize: asEntries,
  granularityBits: (value) => `${value} (${sizeText(2 ** Number(value))} a bit)`,
};

const POINTERS = new Set([
  'backingFileOffset',
  'l1TableOffset',
  'refcountTableOffset',
  'snapshotsOffset',
  'directoryOffset',
  'offset',
  'tableOffset',
]);

export function fieldText(name: string, value: bigint): string {
  return (TEXTS[name] ?? String)(value);
}

/** The host offset that a field points to; null where it is no pointer or points nowhere. */
export function fieldTarget(name: string, value: bigint): number | null {
  return POINTERS.has(name) && value !== 0n ? Number(value) : null;
}
