import { alignDown, alignUp } from '../bytes/align.ts';
import { CRYPT_SECTOR_SIZE } from '../crypto/sector-cipher.ts';
import type { Purpose } from '../storage/storage.ts';
import type { Image } from './image.ts';
import type { DataPlace } from './image-cipher.ts';

/** Encrypted data is written in pieces, so that the copy that is encrypted stays small. */
const ENCRYPTED_PIECE = 1024 * 1024;

/** Reads bytes of the disk from where they stand in the file that has them. */
export function readGuestData({ dataFile, cipher }: Image, { guest, host }: DataPlace, into: Uint8Array): void {
  if (cipher === null) return dataFile.read(host, into);
  const skip = host % CRYPT_SECTOR_SIZE;
  if (skip === 0 && into.length % CRYPT_SECTOR_SIZE === 0) {
    dataFile.read(host, into);
    cipher.decrypt(into, { guest, host });
    return;
  }
  // Only whole sectors can be decrypted; guest and host offsets lie alike in them.
  const sectors = new Uint8Array(alignUp(skip + into.length, CRYPT_SECTOR_SIZE));
  dataFile.read(host - skip, sectors);
  cipher.decrypt(sectors, { guest: guest - skip, host: host - skip });
  into.set(sectors.subarray(skip, skip + into.length));
}

/** Writes bytes of the disk to where they stand in the file; in an encrypted image, whole sectors. */
export function writeGuestData(
  { dataFile, cipher }: Image,
  { guest, host }: DataPlace,
  bytes: Uint8Array,
  why: Purpose,
): void {
  if (cipher === null) return dataFile.write(host, bytes, why);
  for (let done = 0; done < bytes.length; done += ENCRYPTED_PIECE) {
    const piece = bytes.slice(done, done + ENCRYPTED_PIECE);
    cipher.encrypt(piece, { guest: guest + done, host: host + done });
    dataFile.write(host + done, piece, why);
  }
}

/** Widens a write to what the image can write: in an encrypted one whole sectors, filled up with what they hold. */
export function writableUnits(
  image: Image,
  at: number,
  bytes: Uint8Array,
  read: (at: number, into: Uint8Array) => void,
): { readonly at: number; readonly bytes: Uint8Array } {
  if (image.cipher === null || bytes.length === 0) return { at, bytes };
  const from = alignDown(at, CRYPT_SECTOR_SIZE);
  const to = alignUp(at + bytes.length, CRYPT_SECTOR_SIZE);
  if (to - from === bytes.length) return { at, bytes };
  const sectors = new Uint8Array(to - from);
  read(from, sectors.subarray(0, CRYPT_SECTOR_SIZE));
  read(to - CRYPT_SECTOR_SIZE, sectors.subarray(sectors.length - CRYPT_SECTOR_SIZE));
  sectors.set(bytes, at - from);
  return { at: from, bytes: sectors };
}
