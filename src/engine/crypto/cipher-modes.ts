import { AES_BLOCK_WORDS, decryptBlocks, encryptBlocks, expandAesKey, NO_TWEAK } from './aes.ts';

/** Encrypts and decrypts the blocks of one sector in place, words `from` to `to`, from a given initialisation vector. */
export interface CipherMode {
  encrypt(words: Int32Array, from: number, to: number, iv: Int32Array): void;
  decrypt(words: Int32Array, from: number, to: number, iv: Int32Array): void;
}

export const CIPHER_MODES = ['xts', 'cbc', 'ctr', 'ecb'] as const;
export type CipherModeName = (typeof CIPHER_MODES)[number];

/** A mode of AES. XTS takes two keys of equal length in one. */
export function aesMode(name: CipherModeName, key: Uint8Array): CipherMode {
  switch (name) {
    case 'xts':
      return xts(key);
    case 'cbc':
      return cbc(key);
    case 'ctr':
      return ctr(key);
    case 'ecb':
      return ecb(key);
  }
}

/** IEEE 1619. The first key is for the data, the second for the tweak. */
function xts(keys: Uint8Array): CipherMode {
  const dataKey = expandAesKey(keys.subarray(0, keys.length / 2));
  const tweakKey = expandAesKey(keys.subarray(keys.length / 2));
  const tweak = new Int32Array(AES_BLOCK_WORDS);
  const begin = (iv: Int32Array) => {
    tweak.set(iv);
    encryptBlocks(tweakKey, tweak, 0, AES_BLOCK_WORDS, NO_TWEAK);
  };
  return {
    encrypt(words, from, to, iv) {
      begin(iv);
      encryptBlocks(dataKey, words, from, to, tweak);
    },
    decrypt(words, from, to, iv) {
      begin(iv);
      decryptBlocks(dataKey, words, from, to, tweak);
    },
  };
}

/** NIST SP 800-38A, "CBC mode". */
function cbc(bytes: Uint8Array): CipherMode {
  const key = expandAesKey(bytes);
  let before = new Int32Array(0);
  return {
    encrypt(words, from, to, iv) {
      for (let word = 0; word < AES_BLOCK_WORDS; word++) words[from + word]! ^= iv[word]!;
      encryptBlocks(key, words, from, from + AES_BLOCK_WORDS, NO_TWEAK);
      for (let at = from + AES_BLOCK_WORDS; at < to; at += AES_BLOCK_WORDS) {
        words[at]! ^= words[at - 4]!;
        words[at + 1]! ^= words[at - 3]!;
        words[at + 2]! ^= words[at - 2]!;
        words[at + 3]! ^= words[at - 1]!;
        encryptBlocks(key, words, at, at + AES_BLOCK_WORDS, NO_TWEAK);
      }
    },
    decrypt(words, from, to, iv) {
      if (before.length < to - from) before = new Int32Array(to - from);
      before.set(iv);
      before.set(words.subarray(from, to - AES_BLOCK_WORDS), AES_BLOCK_WORDS);
      decryptBlocks(key, words, from, to, NO_TWEAK);
      for (let at = from; at < to; at++) words[at]! ^= before[at - from]!;
    },
  };
}

/** NIST SP 800-38A, "CTR mode", with the whole vector as a big-endian counter. */
function ctr(bytes: Uint8Array): CipherMode {
  const key = expandAesKey(bytes);
  const counter = new Uint8Array(AES_BLOCK_WORDS * 4);
  const counterWords = new Int32Array(counter.buffer);
  const stream = new Int32Array(AES_BLOCK_WORDS);
  const apply: CipherMode['encrypt'] = (words, from, to, iv) => {
    counterWords.set(iv);
    for (let at = from; at < to; at += AES_BLOCK_WORDS) {
      stream.set(counterWords);
      encryptBlocks(key, stream, 0, AES_BLOCK_WORDS, NO_TWEAK);
      for (let word = 0; word < AES_BLOCK_WORDS; word++) words[at + word]! ^= stream[word]!;
      increment(counter);
    }
  };
  return { encrypt: apply, decrypt: apply };
}

function increment(counter: Uint8Array): void {
  for (let index = counter.length - 1; index >= 0; index--) {
    counter[index]!++;
    if (counter[index] !== 0) return;
  }
}

/** Each block by itself; the vector has no part in it. */
function ecb(bytes: Uint8Array): CipherMode {
  const key = expandAesKey(bytes);
  return {
    encrypt: (words, from, to) => encryptBlocks(key, words, from, to, NO_TWEAK),
    decrypt: (words, from, to) => decryptBlocks(key, words, from, to, NO_TWEAK),
  };
}
