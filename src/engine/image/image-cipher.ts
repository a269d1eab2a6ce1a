import { aesMode } from '../crypto/cipher-modes.ts';
import type { Deriving } from '../crypto/deriving.ts';
import { plain64Iv } from '../crypto/iv-generators.ts';
import { CRYPT_SECTOR_SIZE, SectorCipher } from '../crypto/sector-cipher.ts';
import { EngineError } from '../errors.ts';
import type { GuestOffset, HostOffset } from '../format/addresses.ts';
import type { LuksExtension } from '../format/header-extensions.ts';
import { readLuksVolume, unlockLuks, volumeCipher, type LuksReader, type LuksVolume } from '../luks/volume.ts';
import type { Storage } from '../storage/storage.ts';
import type { ImageHead } from './head.ts';

/** Where bytes of the disk stand, for the guest and in the file. */
export interface DataPlace {
  readonly guest: GuestOffset;
  readonly host: HostOffset;
}

/** A LUKS volume with the master key that a passphrase opened. */
export interface UnlockedLuks {
  readonly volume: LuksVolume;
  readonly masterKey: Uint8Array;
}

/** What an encrypted image does to its data on the way from and to the file; whole sectors, in place. */
export interface ImageCipher {
  /** For changes of the key slots; null without LUKS, or locked. */
  readonly luks: UnlockedLuks | null;
  encrypt(bytes: Uint8Array, place: DataPlace): void;
  decrypt(bytes: Uint8Array, place: DataPlace): void;
}

/** LUKS in qcow2 numbers sectors by where they are in the file. */
export function luksImageCipher(luks: UnlockedLuks): ImageCipher {
  const cipher = volumeCipher(luks.volume, luks.masterKey);
  return {
    luks,
    encrypt: (bytes, { host }) => cipher.encrypt(bytes, host / CRYPT_SECTOR_SIZE),
    decrypt: (bytes, { host }) => cipher.decrypt(bytes, host / CRYPT_SECTOR_SIZE),
  };
}

const LEGACY_KEY_SIZE = 16;

/**
 * The encryption before LUKS: AES-128 in CBC mode, the passphrase itself, cut or filled with zeros, for a key, and sectors
 * numbered as the guest does. Nothing in the image tells whether the passphrase is right.
 */
export function legacyImageCipher(passphrase: Uint8Array): ImageCipher {
  const key = new Uint8Array(LEGACY_KEY_SIZE);
  key.set(passphrase.subarray(0, LEGACY_KEY_SIZE));
  const cipher = new SectorCipher(aesMode('cbc', key), plain64Iv);
  return {
    luks: null,
    encrypt: (bytes, { guest }) => cipher.encrypt(bytes, guest / CRYPT_SECTOR_SIZE),
    decrypt: (bytes, { guest }) => cipher.decrypt(bytes, guest / CRYPT_SECTOR_SIZE),
  };
}

/** For an image opened to be looked at: its structures are in the clear, its data stays closed. */
export const LOCKED: ImageCipher = { luks: null, encrypt: refuse, decrypt: refuse };

function refuse(): never {
  throw new EngineError('passphrase', 'The image is encrypted, and was opened without its passphrase.');
}

/**
 * Makes the cipher of an encrypted image from its passphrase.
 * @throws EngineError passphrase, invalid-image or unsupported (LUKS header); with QEMU's texts
 */
export function* unlockImage(storage: Storage, head: ImageHead, passphrase: Uint8Array): Deriving<ImageCipher> {
  if (head.encryption === 'aes') return legacyImageCipher(passphrase);
  const volume = luksVolumeOf(storage, head);
  return luksImageCipher({ volume, masterKey: yield* unlockLuks(volume, luksReader(storage, head), passphrase) });
}

/** What an image is opened with: null for one in the clear. @throws EngineError passphrase if it needs one */
export function cipherFor({ encryption }: ImageHead, given: ImageCipher | 'locked' | undefined): ImageCipher | null {
  if (encryption === 'none') return null;
  if (given === undefined) {
    throw new EngineError('passphrase', "Parameter 'encrypt.key-secret' is required for cipher");
  }
  return given === 'locked' ? LOCKED : given;
}

/** The LUKS volume that an image carries. @throws EngineError as {@link unlockImage} */
export function luksVolumeOf(storage: Storage, head: ImageHead): LuksVolume {
  return readLuksVolume(luksReader(storage, head));
}

/** Reads the LUKS header's area of an image. @throws EngineError invalid-image behind what the image says is its length */
export function luksReader(storage: Storage, { extensions }: ImageHead): LuksReader {
  const area = extensions.luks!;
  return (at, into) => {
    mustLieInLuksArea(area, at, into.length);
    storage.read(area.offset + at, into);
  };
}

/** A LUKS header with its key material may say that it is longer than the room it has: what follows is something else. */
export function mustLieInLuksArea(area: LuksExtension, at: number, length: number): void {
  if (at + length > area.length) {
    throw new EngineError('invalid-image', 'Request for data outside of extension header');
  }
}
