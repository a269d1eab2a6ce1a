import { AES_BLOCK_WORDS, encryptBlocks, expandAesKey, NO_TWEAK } from './aes.ts';

/** Writes the initialisation vector of a 512-byte sector: four little-endian words. */
export type IvGenerator = (sector: number, iv: Int32Array) => void;

/** The sector number, cut to 32 bits. */
export const plainIv: IvGenerator = (sector, iv) => {
  iv.fill(0);
  iv[0] = sector % 2 ** 32;
};

/** The sector number in 64 bits. */
export const plain64Iv: IvGenerator = (sector, iv) => {
  iv.fill(0);
  iv[0] = sector % 2 ** 32;
  iv[1] = Math.floor(sector / 2 ** 32);
};

/** The sector number encrypted with a hash of the key, `salt`: nobody without the key can tell vectors of sectors. */
export function essivIv(salt: Uint8Array): IvGenerator {
  const key = expandAesKey(salt);
  return (sector, iv) => {
    plain64Iv(sector, iv);
    encryptBlocks(key, iv, 0, AES_BLOCK_WORDS, NO_TWEAK);
  };
}
