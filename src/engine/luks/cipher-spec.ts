import { aesMode, CIPHER_MODES, type CipherModeName } from '../crypto/cipher-modes.ts';
import { digest, digestSize, isHashName, type HashName } from '../crypto/hashes.ts';
import { essivIv, plain64Iv, plainIv, type IvGenerator } from '../crypto/iv-generators.ts';
import { CRYPT_SECTOR_SIZE, SectorCipher } from '../crypto/sector-cipher.ts';
import { EngineError } from '../errors.ts';
import { luksCipherOf, type LuksHeader } from '../format/luks-header.ts';
import { LUKS_STRIPES } from './layout.ts';

/** Bits of the AES key; XTS takes two such keys. */
export type AesBits = 128 | 192 | 256;
export const IV_GENERATORS = ['plain', 'plain64', 'essiv'] as const;
export type IvGeneratorName = (typeof IV_GENERATORS)[number];

/** How a LUKS volume is encrypted, all but the keys. */
export interface CipherSpec {
  readonly aesBits: AesBits;
  readonly mode: CipherModeName;
  readonly ivgen: IvGeneratorName;
  /** Used by essiv only, though a header may name it with others too. */
  readonly ivgenHash: HashName | null;
}

/** Ciphers that QEMU has besides AES, with the bytes of their keys. */
const OTHER_CIPHERS: Readonly<Record<string, readonly number[]>> = {
  cast5: [16],
  serpent: [16, 24, 32],
  twofish: [16, 24, 32],
};
const AES_KEY_SIZES = [16, 24, 32];

/** Bytes of the keys of a volume. */
export function keyBytesOf({ aesBits, mode }: CipherSpec): number {
  return (aesBits / 8) * (mode === 'xts' ? 2 : 1);
}

/** The cipher of a volume, or of the key material in a slot, with its key. */
export function sectorCipherOf({ mode, ivgen, ivgenHash }: CipherSpec, key: Uint8Array): SectorCipher {
  return new SectorCipher(aesMode(mode, key), ivGeneratorOf(ivgen, ivgenHash, key));
}

function ivGeneratorOf(ivgen: IvGeneratorName, ivgenHash: HashName | null, key: Uint8Array): IvGenerator {
  switch (ivgen) {
    case 'plain':
      return plainIv;
    case 'plain64':
      return plain64Iv;
    case 'essiv':
      return essivIv(digest(ivgenHash!, key));
  }
}

/**
 * Reads the names in a header.
 * @throws EngineError invalid-image with QEMU's text for names that nobody knows, unsupported for what only QEMU knows
 */
export function cipherSpecOf(header: LuksHeader): CipherSpec {
  const { mode, ivgen, ivgenHash } = luksCipherOf(header);
  if (!header.cipherMode.includes('-')) {
    throw invalid(`Unexpected cipher mode string format '${header.cipherMode}'`);
  }
  if (ivgenHash !== null && !isHashName(ivgenHash)) throw invalid(`Hash algorithm '${ivgenHash}' not supported`);
  if (!isOneOf(CIPHER_MODES, mode)) throw invalid(`Cipher mode '${mode}' not supported`);
  const aesBits = aesBitsOf(header, mode);
  if (!isHashName(header.hash)) throw invalid(`Hash algorithm '${header.hash}' not supported`);
  if (!isOneOf(IV_GENERATORS, ivgen)) throw invalid(`IV generator '${ivgen}' not supported`);
  const spec = { aesBits, mode, ivgen, ivgenHash };
  judgeCipherSpec(spec);
  return spec;
}

/** Refuses what QEMU refuses (or dies of), whoever asks for it. @throws EngineError */
export function judgeCipherSpec(spec: CipherSpec): void {
  const { ivgen, ivgenHash } = spec;
  if (ivgen === 'essiv' && ivgenHash === null) throw invalid('Missing IV generator hash specification');
  if (ivgen === 'essiv' && !AES_KEY_SIZES.includes(digestSize(ivgenHash!))) {
    throw invalid(`No AES cipher with key size ${digestSize(ivgenHash!)} available`);
  }
  if ((keyBytesOf(spec) * LUKS_STRIPES) % CRYPT_SECTOR_SIZE !== 0) {
    throw new EngineError(
      'unsupported',
      `LUKS with aes-${spec.aesBits} in mode ${spec.mode} is not supported: its key material does not fill whole sectors.`,
    );
  }
}

function aesBitsOf({ cipherName, keyBytes }: LuksHeader, mode: CipherModeName): AesBits {
  const size = mode === 'xts' ? Math.floor(keyBytes / 2) : keyBytes;
  if (OTHER_CIPHERS[cipherName]?.includes(size) === true) throw unsupportedCipher(`${cipherName}-${size * 8}`);
  if (cipherName !== 'aes' || !AES_KEY_SIZES.includes(size)) {
    throw invalid(`Algorithm '${cipherName}' with key size ${size} bytes not supported`);
  }
  // One of the three sizes, as the line above made sure.
  return (size * 8) as AesBits;
}

/** A cipher that QEMU has and this engine has not. */
export function unsupportedCipher(name: string): EngineError {
  return new EngineError('unsupported', `The cipher '${name}' is not supported, only AES is.`);
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name);
}

function invalid(message: string): EngineError {
  return new EngineError('invalid-image', message);
}
