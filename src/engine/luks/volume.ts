import type { Deriving } from '../crypto/deriving.ts';
import type { HashName } from '../crypto/hashes.ts';
import type { SectorCipher } from '../crypto/sector-cipher.ts';
import { EngineError } from '../errors.ts';
import { LUKS_DIGEST_SIZE, type LuksHeader, type LuksKeySlot } from '../format/luks-header.ts';
import { mergeKey, splitKey } from './anti-forensic.ts';
import { cipherSpecOf, keyBytesOf, sectorCipherOf, type CipherSpec } from './cipher-spec.ts';
import { readLuksHeader } from './read-header.ts';

/** Where a LUKS header and its key material can be read, counting from the start of the header. */
export type LuksReader = (at: number, into: Uint8Array) => void;

/** A LUKS volume whose header is sound and whose cipher is known. */
export interface LuksVolume {
  readonly header: LuksHeader;
  readonly spec: CipherSpec;
  /** Of key derivation, stripes and digest; judged, unlike the text in the header. */
  readonly hash: HashName;
}

/** @throws EngineError invalid-image, unsupported; with QEMU's texts */
export function readLuksVolume(read: LuksReader): LuksVolume {
  const header = readLuksHeader(read);
  // `cipherSpecOf` judges the hash too.
  return { header, spec: cipherSpecOf(header), hash: header.hash as HashName };
}

/** Tries the passphrase on every active slot. @throws EngineError passphrase when it opens none */
export function* unlockLuks(volume: LuksVolume, read: LuksReader, passphrase: Uint8Array): Deriving<Uint8Array> {
  for (let index = 0; index < volume.header.keySlots.length; index++) {
    const masterKey = yield* openSlot(volume, index, read, passphrase);
    if (masterKey !== null) return masterKey;
  }
  throw new EngineError('passphrase', 'Invalid password, cannot unlock any keyslot');
}

/** The master key, if the passphrase opens the slot. */
export function* openSlot(
  { header, spec, hash }: LuksVolume,
  index: number,
  read: LuksReader,
  passphrase: Uint8Array,
): Deriving<Uint8Array | null> {
  const slot = header.keySlots[index]!;
  if (slot.state !== 'active') return null;
  const cipher = yield* slotCipher({ spec, hash }, slot, passphrase);
  const { keyBytes, masterKeySalt, masterKeyIterations, masterKeyDigest } = header;
  const material = new Uint8Array(keyBytes * slot.stripes);
  read(slot.keyOffset, material);
  cipher.decrypt(material, 0);
  const masterKey = mergeKey(hash, material, keyBytes);
  const digest = yield* masterKeyDigestOf(hash, masterKey, masterKeySalt, masterKeyIterations);
  return digest.every((byte, at) => byte === masterKeyDigest[at]) ? masterKey : null;
}

/** The cipher of what is written to the volume. */
export function volumeCipher({ spec }: LuksVolume, masterKey: Uint8Array): SectorCipher {
  return sectorCipherOf(spec, masterKey);
}

/** What a header keeps to tell the right master key by. */
export function* masterKeyDigestOf(
  hash: HashName,
  masterKey: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): Deriving<Uint8Array> {
  return yield { hash, password: masterKey, salt, iterations, length: LUKS_DIGEST_SIZE };
}

/** The key material of a slot: the master key in stripes, encrypted with a key derived from the passphrase. */
export function* sealKey(
  volume: Pick<LuksVolume, 'spec' | 'hash'>,
  slot: Pick<LuksKeySlot, 'salt' | 'iterations'>,
  passphrase: Uint8Array,
  { masterKey, noise }: { masterKey: Uint8Array; noise: Uint8Array },
): Deriving<Uint8Array> {
  const cipher = yield* slotCipher(volume, slot, passphrase);
  const material = splitKey(volume.hash, masterKey, noise);
  cipher.encrypt(material, 0);
  return material;
}

function* slotCipher(
  { spec, hash }: Pick<LuksVolume, 'spec' | 'hash'>,
  { salt, iterations }: Pick<LuksKeySlot, 'salt' | 'iterations'>,
  passphrase: Uint8Array,
): Deriving<SectorCipher> {
  const length = keyBytesOf(spec);
  const key = yield { hash, password: passphrase, salt, iterations, length };
  return sectorCipherOf(spec, key);
}
