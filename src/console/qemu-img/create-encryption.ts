import {
  CIPHER_MODES,
  createLuks,
  deriveWith,
  HASH_NAMES,
  IV_GENERATORS,
  LUKS_DEFAULTS,
  unsupportedCipher,
  type AesBits,
  type CreateOptions,
  type HashName,
  type NewLuksVolume,
} from '#engine';
import { ITER_TIME_DEFAULT, masterKeyIterations, slotIterations } from '../block/luks-iterations.ts';
import type { ConsoleHost } from '../host.ts';
import type { ObjectTable } from '../options/object-table.ts';
import { secretNamed } from '../options/secrets.ts';
import { randomSourceOf } from '../random-source.ts';
import type { CreateValues } from './create-options.ts';
import { ImgFailure } from './failure.ts';

/** Options that say how LUKS encrypts; the legacy encryption has nothing to choose. */
const LUKS_ONLY = ['cipher-alg', 'cipher-mode', 'ivgen-alg', 'ivgen-hash-alg', 'hash-alg', 'iter-time'];

const AES_BITS: Readonly<Record<string, AesBits>> = { 'aes-128': 128, 'aes-192': 192, 'aes-256': 256 };
/** Names that QEMU accepts besides: ciphers that it cannot use for LUKS, and those that only it has. */
const NOT_FOR_LUKS = ['des', '3des'];
const ONLY_QEMU = [
  'cast5-128',
  ...['serpent', 'twofish'].flatMap((name) => [128, 192, 256].map((n) => `${name}-${n}`)),
];

/**
 * The encryption that the options of a new qcow2 image ask for; a LUKS volume is made here.
 * @throws ImgFailure with QEMU's text
 */
export async function qcow2Encryption(
  host: ConsoleHost,
  objects: ObjectTable,
  values: CreateValues,
): Promise<NonNullable<CreateOptions['encryption']> | null> {
  const format = encryptFormatOf(values);
  if (format === null) return null;
  if (format === 'luks') return { kind: 'luks', luks: await newLuks(host, objects, values, 'encrypt.') };
  const unexpected = LUKS_ONLY.map((name) => `encrypt.${name}`).find((name) => values.has(name));
  if (unexpected !== undefined) throw new ImgFailure(`Parameter '${unexpected}' is unexpected`);
  // Nothing of the passphrase goes into the image, but it must be there.
  passphraseOf(objects, values, 'encrypt.');
  return { kind: 'aes' };
}

function encryptFormatOf(values: CreateValues): 'aes' | 'luks' | null {
  const format = values.get('encrypt.format');
  const isLegacy = values.get('encryption') === 'on';
  if (isLegacy && format !== undefined) {
    throw new ImgFailure("'encrypt.format' and its alias 'encryption' can't be used at the same time");
  }
  if (isLegacy) return 'aes';
  if (format === undefined) {
    const isMeant = [...values.keys()].some((name) => name.startsWith('encrypt.'));
    if (isMeant) throw new ImgFailure("Parameter 'encrypt.format' is missing");
    return null;
  }
  if (format === 'aes' || format === 'luks') return format;
  throw new ImgFailure(`Parameter 'format' does not accept value '${format}'`);
}

/** Makes the LUKS volume that options with a prefix ask for. @throws ImgFailure with QEMU's text */
export async function newLuks(
  host: ConsoleHost,
  objects: ObjectTable,
  values: CreateValues,
  prefix: '' | 'encrypt.',
): Promise<NewLuksVolume> {
  const oneOf = <T extends string>(name: string, allowed: readonly T[], fallback: T): T => {
    const value = values.get(prefix + name) ?? fallback;
    if ((allowed as readonly string[]).includes(value)) return value as T;
    throw new ImgFailure(`Parameter '${name}' does not accept value '${value}'`);
  };
  const ivgen = oneOf('ivgen-alg', IV_GENERATORS, LUKS_DEFAULTS.spec.ivgen);
  const hasIvgenHash = ivgen === 'essiv' || values.has(`${prefix}ivgen-hash-alg`);
  const spec = {
    aesBits: aesBitsOf(values.get(`${prefix}cipher-alg`)),
    mode: oneOf('cipher-mode', CIPHER_MODES, LUKS_DEFAULTS.spec.mode),
    ivgen,
    ivgenHash: hasIvgenHash ? oneOf<HashName>('ivgen-hash-alg', HASH_NAMES, 'sha256') : null,
  };
  const hash = oneOf<HashName>('hash-alg', HASH_NAMES, LUKS_DEFAULTS.hash);
  const passphrase = passphraseOf(objects, values, prefix);
  const iterTime = Number(values.get(`${prefix}iter-time`) ?? ITER_TIME_DEFAULT);
  const options = {
    spec,
    hash,
    iterations: await slotIterations(host, { spec, hash }, iterTime),
    masterKeyIterations: await masterKeyIterations(host, hash, iterTime),
  };
  return deriveWith(createLuks(options, passphrase, randomSourceOf(host)), (request) => host.pbkdf2(request));
}

function aesBitsOf(name = 'aes-256'): AesBits {
  const bits = AES_BITS[name];
  if (bits !== undefined) return bits;
  if (ONLY_QEMU.includes(name)) throw unsupportedCipher(name);
  if (NOT_FOR_LUKS.includes(name)) throw new ImgFailure(`Algorithm '${name}' not supported`);
  throw new ImgFailure(`Parameter 'cipher-alg' does not accept value '${name}'`);
}

function passphraseOf(objects: ObjectTable, values: CreateValues, prefix: '' | 'encrypt.'): Uint8Array {
  const id = values.get(`${prefix}key-secret`);
  if (id === undefined) throw new ImgFailure(`Parameter '${prefix}key-secret' is required for cipher`);
  return secretNamed(objects, id);
}
