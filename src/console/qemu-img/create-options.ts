import type { CreateOptions } from '#engine';
import { creationOptionsOf, QEMU_FORMATS, type FormatOption, type OptionKind } from '../options/format-options.ts';
import { parsePairs } from '../options/options.ts';
import { PREALLOCATION_MODES } from '../options/preallocation.ts';
import { parseExactSize } from '../text/sizes.ts';
import { ImgFailure } from './failure.ts';

/** The values given with `-o`, checked and in canonical form: switches as on/off, sizes in bytes. */
export type CreateValues = Map<string, string>;

/** The options of creation. @throws ImgFailure with QEMU's text */
export function parseCreateValues(format: string, texts: readonly string[]): CreateValues {
  return parseValues(creationOptionsOf(format), texts);
}

/** @throws ImgFailure for names that are not among `options`, and for values that are not of their kind */
export function parseValues(options: readonly FormatOption[], texts: readonly string[]): CreateValues {
  const values: CreateValues = new Map();
  for (const text of texts) {
    for (const [name, value] of parsePairs(text)) {
      const option = options.find((one) => one.name === name);
      if (option === undefined) throw new ImgFailure(`Invalid parameter '${name}'`);
      values.set(name, canonical(name, value, option.kind));
    }
  }
  return values;
}

function canonical(name: string, value: string, kind: OptionKind): string {
  if (kind === 'text') return value;
  if (kind === 'switch') {
    if (['on', 'yes', 'true', 'y'].includes(value)) return 'on';
    if (['off', 'no', 'false', 'n'].includes(value)) return 'off';
    throw new ImgFailure(`Parameter '${name}' expects 'on' or 'off'`);
  }
  if (kind === 'number') {
    return canonicalNumber(name, value);
  }
  return String(sizeOfParameter(name, value));
}

/** A size that is the value of a named option, as a signed number of 64 bits: larger ones wrap around. @throws ImgFailure */
export function sizeOfParameter(name: string, value: string): bigint {
  const size = parseExactSize(value);
  if (typeof size === 'bigint') return BigInt.asIntN(64, size);
  if (size === 'out-of-range') throw new ImgFailure(`Value '${value}' is out of range for parameter '${name}'`);
  throw new ImgFailure(`Parameter '${name}' expects a non-negative number below 2^64`, {
    hints: [
      'Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-',
      'and exabytes, respectively.',
    ],
  });
}

/** As C's strtoull reads it (a sign wraps around), and as a signed number is printed. */
function canonicalNumber(name: string, value: string): string {
  const match = /^\s*([+-]?)(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i.exec(value);
  if (match === null) throw new ImgFailure(`Parameter '${name}' expects a number`);
  const [, sign, digits] = match as unknown as [string, string, string];
  const magnitude = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  if (magnitude >= 2n ** 64n) throw new ImgFailure(`Value '${value}' is too large for parameter '${name}'`);
  return String(BigInt.asIntN(64, sign === '-' ? -magnitude : magnitude));
}

/** What `create` prints behind `Formatting`: given options and defaults, commas doubled. */
export function describeValues(format: string, values: CreateValues): string {
  return creationOptionsOf(format)
    .map(({ name, fallback }) => ({ name, value: values.get(name) ?? fallback }))
    .filter(({ value }) => value !== undefined)
    .map(({ name, value }) => `${name}=${value!.replaceAll(',', ',,')}`)
    .join(' ');
}

const VERSIONS: Readonly<Record<string, '0.10' | '1.1'>> = { '0.10': '0.10', v2: '0.10', '1.1': '1.1', v3: '1.1' };

/** @throws ImgFailure for values that no option of its kind has, and for what the engine does not make yet */
export function engineOptionsOf(values: CreateValues, size: number): CreateOptions {
  const oneOf = <T extends string>(name: string, shown: string, allowed: readonly T[]): T | undefined => {
    const value = values.get(name);
    if (value === undefined) return undefined;
    if ((allowed as readonly string[]).includes(value)) return value as T;
    throw new ImgFailure(`Parameter '${shown}' does not accept value '${value}'`);
  };
  const compat = oneOf('compat', 'version', Object.keys(VERSIONS));
  const preallocation = oneOf('preallocation', 'preallocation', PREALLOCATION_MODES);
  const backingFormat = oneOf('backing_fmt', 'backing-fmt', QEMU_FORMATS);
  return {
    size,
    ...(compat !== undefined && { compat: VERSIONS[compat]! }),
    ...(values.has('cluster_size') && { clusterSize: Number(values.get('cluster_size')) }),
    ...(values.has('refcount_bits') && { refcountBits: Number(values.get('refcount_bits')) }),
    lazyRefcounts: values.get('lazy_refcounts') === 'on',
    extendedL2: values.get('extended_l2') === 'on',
    ...(values.has('compression_type') && {
      compressionType: oneOf('compression_type', 'compression-type', ['zlib', 'zstd'])!,
    }),
    ...(preallocation !== undefined && { preallocation }),
    ...(values.has('backing_file') && { backingFile: values.get('backing_file')! }),
    ...(backingFormat !== undefined && { backingFormat }),
    ...(values.has('data_file') && { dataFile: values.get('data_file')! }),
    dataFileRaw: values.get('data_file_raw') === 'on',
  };
}
