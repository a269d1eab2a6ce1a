import type { Deriving } from '../crypto/deriving.ts';
import type { HashName } from '../crypto/hashes.ts';
import {
  encodeLuksHeader,
  LUKS_KEY_SLOT_COUNT,
  LUKS_MAGIC,
  LUKS_MAGIC_END,
  LUKS_SALT_SIZE,
  type LuksHeader,
  type LuksKeySlot,
} from '../format/luks-header.ts';
import { judgeCipherSpec, keyBytesOf, type CipherSpec } from './cipher-spec.ts';
import { LUKS_STRIPES, newSlotOffset } from './layout.ts';
import { masterKeyDigestOf, sealKey, type LuksVolume } from './volume.ts';

/** Random bytes from outside: the engine has none of its own. */
export type RandomBytes = (length: number) => Uint8Array;

/** The options of `qemu-img create -f luks`, complete. */
export interface LuksOptions {
  readonly spec: CipherSpec;
  readonly hash: HashName;
  /** Rounds of the key derivation of the first slot: what makes guessing passphrases slow. */
  readonly iterations: number;
  /** Rounds of the master key's digest. */
  readonly masterKeyIterations: number;
}

/** QEMU's defaults, but for the rounds, which depend on how fast the host is. */
export const LUKS_DEFAULTS = {
  spec: { aesBits: 256, mode: 'xts', ivgen: 'plain64', ivgenHash: null },
  hash: 'sha256',
} as const satisfies Pick<LuksOptions, 'spec' | 'hash'>;

/** The fewest rounds that QEMU makes, however fast it should be. */
export const LUKS_ITERATIONS_MIN = 1000;

/** A new volume: what to write at its start, and how long its header with all slots is. */
export interface NewLuksVolume {
  readonly volume: LuksVolume;
  readonly masterKey: Uint8Array;
  /** The header, and the key material of the first slot. */
  readonly bytes: Uint8Array;
  /** Bytes before the payload. */
  readonly headerSize: number;
}

/** Makes the header of a new volume that the passphrase opens. @throws EngineError for ciphers that cannot be */
export function* createLuks(
  { spec, hash, iterations, masterKeyIterations }: LuksOptions,
  passphrase: Uint8Array,
  random: RandomBytes,
): Deriving<NewLuksVolume> {
  judgeCipherSpec(spec);
  const keyBytes = keyBytesOf(spec);
  const masterKey = random(keyBytes);
  const masterKeySalt = random(LUKS_SALT_SIZE);
  const first: LuksKeySlot = { ...emptySlot(keyBytes, 0), state: 'active', iterations, salt: random(LUKS_SALT_SIZE) };
  const headerSize = newSlotOffset(keyBytes, LUKS_KEY_SLOT_COUNT);
  const header: LuksHeader = {
    magic: LUKS_MAGIC,
    magicEnd: LUKS_MAGIC_END,
    version: 1,
    payloadOffset: headerSize / 512,
    keyBytes,
    masterKeyIterations,
    cipherName: 'aes',
    cipherMode: cipherModeText(spec),
    hash,
    masterKeyDigest: yield* masterKeyDigestOf(hash, masterKey, masterKeySalt, masterKeyIterations),
    masterKeySalt,
    uuid: uuidOf(random(16)),
    keySlots: Array.from({ length: LUKS_KEY_SLOT_COUNT }, (_, index) =>
      index === 0 ? first : emptySlot(keyBytes, index),
    ),
  };
  const noise = random(keyBytes * (LUKS_STRIPES - 1));
  const material = yield* sealKey({ spec, hash }, first, passphrase, { masterKey, noise });
  const bytes = new Uint8Array(first.keyOffset + material.length);
  bytes.set(encodeLuksHeader(header));
  bytes.set(material, first.keyOffset);
  return { volume: { header, spec, hash }, masterKey, bytes, headerSize };
}

function emptySlot(keyBytes: number, index: number): LuksKeySlot {
  return {
    state: 'inactive',
    iterations: 0,
    salt: new Uint8Array(LUKS_SALT_SIZE),
    keyOffset: newSlotOffset(keyBytes, index),
    stripes: LUKS_STRIPES,
  };
}

function cipherModeText({ mode, ivgen, ivgenHash }: CipherSpec): string {
  return `${mode}-${ivgen}${ivgenHash === null ? '' : `:${ivgenHash}`}`;
}

/** RFC 9562, version 4. */
function uuidOf(random: Uint8Array): string {
  const bytes = Uint8Array.from(random);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
