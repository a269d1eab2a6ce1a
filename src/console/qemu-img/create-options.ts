import type { CreateOptions } from '#engine';
import { parsePairs } from '../options/options.ts';
import { parseSize } from '../text/sizes.ts';
import { ImgFailure } from './invocation.ts';

type Kind = 'text' | 'size' | 'number' | 'switch';

/** The options that qcow2 takes at creation, in the order in which `create` prints them. */
const QCOW2_OPTIONS: Readonly<Record<string, Kind>> = {
  encryption: 'switch',
  'encrypt.format': 'text',
  'encrypt.key-secret': 'text',
  'encrypt.cipher-alg': 'text',
  'encrypt.cipher-mode': 'text',
  'encrypt.ivgen-alg': 'text',
  'encrypt.ivgen-hash-alg': 'text',
  'encrypt.hash-alg': 'text',
  'encrypt.iter-time': 'number',
  cluster_size: 'size',
  extended_l2: 'switch',
  preallocation: 'text',
  compression_type: 'text',
  size: 'size',
  compat: 'text',
  backing_file: 'text',
  backing_fmt: 'text',
  data_file: 'text',
  data_file_raw: 'switch',
  lazy_refcounts: 'switch',
  refcount_bits: 'number',
  nocow: 'switch',
  extent_size_hint: 'size',
};

const QCOW2_DEFAULTS: Readonly<Record<string, string>> = {
  cluster_size: '65536',
  extended_l2: 'off',
  compression_type: 'zlib',
  lazy_refcounts: 'off',
  refcount_bits: '16',
};

const RAW_OPTIONS: Readonly<Record<string, Kind>> = {
  size: 'size',
  preallocation: 'text',
  nocow: 'switch',
  extent_size_hint: 'size',
};

/** The values given with `-o`, checked and in canonical form: switches as on/off, sizes in bytes. */
export type CreateValues = Map<string, string>;

export function optionNames(format: string): readonly string[] {
  return Object.keys(format === 'raw' ? RAW_OPTIONS : QCOW2_OPTIONS);
}

/** @throws ImgFailure with QEMU's text */
export function parseCreateValues(format: string, texts: readonly string[]): CreateValues {
  const kinds = format === 'raw' ? RAW_OPTIONS : QCOW2_OPTIONS;
  const values: CreateValues = new Map();
  for (const text of texts) {
    for (const [name, value] of parsePairs(text)) {
      const kind = kinds[name];
      if (kind === undefined) throw new ImgFailure(`Invalid parameter '${name}'`);
      values.set(name, canonical(name, value, kind));
    }
  }
  return values;
}

function canonical(name: string, value: string, kind: Kind): string {
  if (kind === 'text') return value;
  if (kind === 'switch') {
    if (['on', 'yes', 'true', 'y'].includes(value)) return 'on';
    if (['off', 'no', 'false', 'n'].includes(value)) return 'off';
    throw new ImgFailure(`Parameter '${name}' expects 'on' or 'off'`);
  }
  if (kind === 'number') {
    if (!/^(0x[0-9a-f]+|\d+)$/i.test(value)) throw new ImgFailure(`Parameter '${name}' expects a number`);
    return String(Number(value));
  }
  const size = parseSize(value);
  if (typeof size === 'number') return String(BigInt(size));
  if (size === 'out-of-range' && !value.startsWith('-'))
    throw new ImgFailure(`Value '${value}' is out of range for parameter '${name}'`);
  throw new ImgFailure(`Parameter '${name}' expects a non-negative number below 2^64`, {
    hints: [
      'Optional suffix k, M, G, T, P or E means kilo-, mega-, giga-, tera-, peta-',
      'and exabytes, respectively.',
    ],
  });
}

/** What `create` prints behind `Formatting`: given options and defaults, commas doubled. */
export function describeValues(format: string, values: CreateValues): string {
  const defaults = format === 'raw' ? {} : QCOW2_DEFAULTS;
  return optionNames(format)
    .filter((name) => values.has(name) || name in defaults)
    .map((name) => `${name}=${(values.get(name) ?? defaults[name]!).replaceAll(',', ',,')}`)
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
  for (const name of ['encryption', 'encrypt.format', 'data_file', 'data_file_raw']) {
    if (values.has(name) && values.get(name) !== 'off') {
      throw new ImgFailure(`Images with ${name} cannot be created by this program yet. Nothing was written.`);
    }
  }
  const preallocation = oneOf('preallocation', 'preallocation', ['off', 'metadata', 'falloc', 'full']);
  if (preallocation === 'falloc' || preallocation === 'full') {
    throw new ImgFailure(
      `Preallocation mode ${preallocation} cannot be made by this program yet. Nothing was written.`,
    );
  }
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
    ...(values.has('backing_fmt') && { backingFormat: values.get('backing_fmt')! }),
  };
}
