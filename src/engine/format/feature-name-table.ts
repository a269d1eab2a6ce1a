import { FEATURE_KINDS, FEATURES, type FeatureKind } from './features.ts';
import { decodeName, encodeName, upToNul } from './name.ts';

/** Bytes of a record: type, bit, and a name padded with zeros. Spec: "Feature name table". */
export const FEATURE_NAME_RECORD_SIZE = 48;
const NAME_SIZE_MAX = 46;

/** A record as it stands on disk; `kind` is null for a type number that the specification does not know. */
export interface FeatureName {
  readonly kind: FeatureKind | null;
  readonly bit: number;
  readonly name: string;
}

/** Decodes all records; the last one may be cut off within its name. */
export function decodeFeatureNames(data: Uint8Array): FeatureName[] {
  const count = Math.ceil((data.length - 1) / FEATURE_NAME_RECORD_SIZE);
  return Array.from({ length: count }, (_, index) => {
    const record = data.subarray(index * FEATURE_NAME_RECORD_SIZE, (index + 1) * FEATURE_NAME_RECORD_SIZE);
    return { kind: FEATURE_KINDS[record[0]!] ?? null, bit: record[1]!, name: decodeName(upToNul(record.subarray(2))) };
  });
}

/** The table that QEMU 7.2 writes into every version 3 header: all features it knows, whichever are in use. */
export function encodeFeatureNames(): Uint8Array {
  const data = new Uint8Array(FEATURES.length * FEATURE_NAME_RECORD_SIZE);
  FEATURES.forEach(({ kind, bit, name }, index) => {
    const at = index * FEATURE_NAME_RECORD_SIZE;
    data[at] = FEATURE_KINDS.indexOf(kind);
    data[at + 1] = bit;
    data.set(encodeName(name).subarray(0, NAME_SIZE_MAX), at + 2);
  });
  return data;
}

/**
 * Names unknown incompatible bits as QEMU does: by the image's own table, up to the first record without a name, and what
 * remains as one hexadecimal mask.
 */
export function nameIncompatibleBits(mask: bigint, table: readonly FeatureName[]): string {
  const names: string[] = [];
  let unnamed = mask;
  for (const { kind, bit, name } of table) {
    if (name === '') break;
    if (kind !== 'incompatible' || bit > 63 || ((mask >> BigInt(bit)) & 1n) === 0n) continue;
    names.push(name);
    unnamed &= ~(1n << BigInt(bit));
  }
  if (unnamed !== 0n) names.push(`Unknown incompatible feature: ${unnamed.toString(16)}`);
  return names.join(', ');
}
