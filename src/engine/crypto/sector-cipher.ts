import type { CipherMode } from './cipher-modes.ts';
import type { IvGenerator } from './iv-generators.ts';

/** The unit that is encrypted by itself, with the vector of its number. */
export const CRYPT_SECTOR_SIZE = 512;

const SECTOR_WORDS = CRYPT_SECTOR_SIZE / 4;
const VECTOR_WORDS = 4;

/** Encrypts and decrypts whole sectors of a disk. */
export class SectorCipher {
  readonly #mode: CipherMode;
  readonly #ivOf: IvGenerator;
  readonly #iv = new Int32Array(VECTOR_WORDS);

  constructor(mode: CipherMode, ivOf: IvGenerator) {
    this.#mode = mode;
    this.#ivOf = ivOf;
  }

  /** Encrypts in place; the length is a multiple of a sector. */
  encrypt(bytes: Uint8Array, firstSector: number): void {
    onWords(bytes, (words) => {
      for (let at = 0, sector = firstSector; at < words.length; at += SECTOR_WORDS, sector++) {
        this.#ivOf(sector, this.#iv);
        this.#mode.encrypt(words, at, at + SECTOR_WORDS, this.#iv);
      }
    });
  }

  /** Decrypts in place; the length is a multiple of a sector. */
  decrypt(bytes: Uint8Array, firstSector: number): void {
    onWords(bytes, (words) => {
      for (let at = 0, sector = firstSector; at < words.length; at += SECTOR_WORDS, sector++) {
        this.#ivOf(sector, this.#iv);
        this.#mode.decrypt(words, at, at + SECTOR_WORDS, this.#iv);
      }
    });
  }
}

/** Works on the bytes as little-endian words (every engine of JavaScript in use is), through a copy where they lie askew. */
function onWords(bytes: Uint8Array, work: (words: Int32Array) => void): void {
  if (bytes.byteOffset % 4 === 0) {
    work(new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4));
    return;
  }
  const copy = bytes.slice();
  work(new Int32Array(copy.buffer, 0, copy.length / 4));
  bytes.set(copy);
}
