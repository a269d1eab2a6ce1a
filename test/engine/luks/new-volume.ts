import { randomBytes } from 'node:crypto';
import {
  createImage,
  createLuks,
  deriveNow,
  LUKS_DEFAULTS,
  LUKS_ITERATIONS_MIN,
  MemoryStorage,
  openImage,
  readHead,
  unlockImage,
  type CreateOptions,
  type Image,
  type LuksOptions,
  type NewLuksVolume,
  type OpenOptions,
} from '#engine';

export const PASSPHRASE = new TextEncoder().encode('astrochicken');

/** A new LUKS volume with few rounds, so that tests are fast. */
export function newVolume(options: Partial<LuksOptions> = {}, passphrase = PASSPHRASE): NewLuksVolume {
  const few = { iterations: LUKS_ITERATIONS_MIN, masterKeyIterations: LUKS_ITERATIONS_MIN };
  return deriveNow(createLuks({ ...LUKS_DEFAULTS, ...few, ...options }, passphrase, randomBytes));
}

/** A new encrypted image. */
export function newEncrypted(kind: 'aes' | 'luks', options: Partial<CreateOptions> = {}): MemoryStorage {
  const storage = new MemoryStorage();
  const encryption = kind === 'aes' ? ({ kind } as const) : ({ kind, luks: newVolume() } as const);
  createImage(storage, { size: 1024 * 1024, encryption, ...options });
  return storage;
}

/** Where an image says how long its LUKS header is: behind type and length of the header extension, and the offset. */
export function luksLengthAt(bytes: Uint8Array): number {
  return Buffer.from(bytes).indexOf(Buffer.from('0537be7700000010', 'hex')) + 16;
}

/** Opens an encrypted image with its passphrase. */
export function openWith(storage: MemoryStorage, options: OpenOptions = {}, passphrase = PASSPHRASE): Image {
  const head = readHead(storage, { writable: false });
  return openImage(storage, { writable: true, ...options, cipher: deriveNow(unlockImage(storage, head, passphrase)) });
}
