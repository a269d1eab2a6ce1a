import { DECRYPT_TABLES, ENCRYPT_TABLES, fillTablesOnce, INVERSE_SBOX, SBOX } from './aes-tables.ts';

export const AES_BLOCK_WORDS = 4;

/** The expanded key of FIPS 197, for both directions, as little-endian words. */
export interface AesKey {
  readonly forEncryption: Int32Array;
  readonly forDecryption: Int32Array;
}

/** Expands a key of 16, 24 or 32 bytes. */
export function expandAesKey(key: Uint8Array): AesKey {
  fillTablesOnce();
  const forEncryption = expand(key);
  return { forEncryption, forDecryption: invert(forEncryption) };
}

/** Four words that {@link encryptBlocks} and {@link decryptBlocks} mix into each block before and after, as XTS does. */
export type Tweak = Int32Array;

/** Without a tweak, blocks are what AES makes of them alone. Doubling zero is zero, so it stays away. */
export const NO_TWEAK: Tweak = new Int32Array(AES_BLOCK_WORDS);

/** Encrypts whole blocks in place: words `from` to `to`. The tweak is doubled in GF(2^128) from block to block. */
export function encryptBlocks(key: AesKey, words: Int32Array, from: number, to: number, tweak: Tweak): void {
  const k = key.forEncryption;
  const [t0, t1, t2, t3] = ENCRYPT_TABLES;
  const last = k.length - AES_BLOCK_WORDS;
  let w0 = tweak[0]!;
  let w1 = tweak[1]!;
  let w2 = tweak[2]!;
  let w3 = tweak[3]!;
  for (let at = from; at < to; at += AES_BLOCK_WORDS) {
    let a = words[at]! ^ w0 ^ k[0]!;
    let b = words[at + 1]! ^ w1 ^ k[1]!;
    let c = words[at + 2]! ^ w2 ^ k[2]!;
    let d = words[at + 3]! ^ w3 ^ k[3]!;
    // Two rounds at a time, so that no word has to be moved; the number of rounds is even and the last one differs.
    let e = t0[a & 255]! ^ t1[(b >>> 8) & 255]! ^ t2[(c >>> 16) & 255]! ^ t3[d >>> 24]! ^ k[4]!;
    let f = t0[b & 255]! ^ t1[(c >>> 8) & 255]! ^ t2[(d >>> 16) & 255]! ^ t3[a >>> 24]! ^ k[5]!;
    let g = t0[c & 255]! ^ t1[(d >>> 8) & 255]! ^ t2[(a >>> 16) & 255]! ^ t3[b >>> 24]! ^ k[6]!;
    let h = t0[d & 255]! ^ t1[(a >>> 8) & 255]! ^ t2[(b >>> 16) & 255]! ^ t3[c >>> 24]! ^ k[7]!;
    for (let r = 8; r < last; r += 8) {
      a = t0[e & 255]! ^ t1[(f >>> 8) & 255]! ^ t2[(g >>> 16) & 255]! ^ t3[h >>> 24]! ^ k[r]!;
      b = t0[f & 255]! ^ t1[(g >>> 8) & 255]! ^ t2[(h >>> 16) & 255]! ^ t3[e >>> 24]! ^ k[r + 1]!;
      c = t0[g & 255]! ^ t1[(h >>> 8) & 255]! ^ t2[(e >>> 16) & 255]! ^ t3[f >>> 24]! ^ k[r + 2]!;
      d = t0[h & 255]! ^ t1[(e >>> 8) & 255]! ^ t2[(f >>> 16) & 255]! ^ t3[g >>> 24]! ^ k[r + 3]!;
      e = t0[a & 255]! ^ t1[(b >>> 8) & 255]! ^ t2[(c >>> 16) & 255]! ^ t3[d >>> 24]! ^ k[r + 4]!;
      f = t0[b & 255]! ^ t1[(c >>> 8) & 255]! ^ t2[(d >>> 16) & 255]! ^ t3[a >>> 24]! ^ k[r + 5]!;
      g = t0[c & 255]! ^ t1[(d >>> 8) & 255]! ^ t2[(a >>> 16) & 255]! ^ t3[b >>> 24]! ^ k[r + 6]!;
      h = t0[d & 255]! ^ t1[(a >>> 8) & 255]! ^ t2[(b >>> 16) & 255]! ^ t3[c >>> 24]! ^ k[r + 7]!;
    }
    words[at] = column(SBOX, e, f, g, h) ^ k[last]! ^ w0;
    words[at + 1] = column(SBOX, f, g, h, e) ^ k[last + 1]! ^ w1;
    words[at + 2] = column(SBOX, g, h, e, f) ^ k[last + 2]! ^ w2;
    words[at + 3] = column(SBOX, h, e, f, g) ^ k[last + 3]! ^ w3;
    const carry = (w3 >> 31) & REDUCTION;
    w3 = (w3 << 1) | (w2 >>> 31);
    w2 = (w2 << 1) | (w1 >>> 31);
    w1 = (w1 << 1) | (w0 >>> 31);
    w0 = (w0 << 1) ^ carry;
  }
}

/** Decrypts whole blocks in place; the counterpart of {@link encryptBlocks}. */
export function decryptBlocks(key: AesKey, words: Int32Array, from: number, to: number, tweak: Tweak): void {
  const k = key.forDecryption;
  const [t0, t1, t2, t3] = DECRYPT_TABLES;
  const last = k.length - AES_BLOCK_WORDS;
  let w0 = tweak[0]!;
  let w1 = tweak[1]!;
  let w2 = tweak[2]!;
  let w3 = tweak[3]!;
  for (let at = from; at < to; at += AES_BLOCK_WORDS) {
    let a = words[at]! ^ w0 ^ k[0]!;
    let b = words[at + 1]! ^ w1 ^ k[1]!;
    let c = words[at + 2]! ^ w2 ^ k[2]!;
    let d = words[at + 3]! ^ w3 ^ k[3]!;
    let e = t0[a & 255]! ^ t1[(d >>> 8) & 255]! ^ t2[(c >>> 16) & 255]! ^ t3[b >>> 24]! ^ k[4]!;
    let f = t0[b & 255]! ^ t1[(a >>> 8) & 255]! ^ t2[(d >>> 16) & 255]! ^ t3[c >>> 24]! ^ k[5]!;
    let g = t0[c & 255]! ^ t1[(b >>> 8) & 255]! ^ t2[(a >>> 16) & 255]! ^ t3[d >>> 24]! ^ k[6]!;
    let h = t0[d & 255]! ^ t1[(c >>> 8) & 255]! ^ t2[(b >>> 16) & 255]! ^ t3[a >>> 24]! ^ k[7]!;
    for (let r = 8; r < last; r += 8) {
      a = t0[e & 255]! ^ t1[(h >>> 8) & 255]! ^ t2[(g >>> 16) & 255]! ^ t3[f >>> 24]! ^ k[r]!;
      b = t0[f & 255]! ^ t1[(e >>> 8) & 255]! ^ t2[(h >>> 16) & 255]! ^ t3[g >>> 24]! ^ k[r + 1]!;
      c = t0[g & 255]! ^ t1[(f >>> 8) & 255]! ^ t2[(e >>> 16) & 255]! ^ t3[h >>> 24]! ^ k[r + 2]!;
      d = t0[h & 255]! ^ t1[(g >>> 8) & 255]! ^ t2[(f >>> 16) & 255]! ^ t3[e >>> 24]! ^ k[r + 3]!;
      e = t0[a & 255]! ^ t1[(d >>> 8) & 255]! ^ t2[(c >>> 16) & 255]! ^ t3[b >>> 24]! ^ k[r + 4]!;
      f = t0[b & 255]! ^ t1[(a >>> 8) & 255]! ^ t2[(d >>> 16) & 255]! ^ t3[c >>> 24]! ^ k[r + 5]!;
      g = t0[c & 255]! ^ t1[(b >>> 8) & 255]! ^ t2[(a >>> 16) & 255]! ^ t3[d >>> 24]! ^ k[r + 6]!;
      h = t0[d & 255]! ^ t1[(c >>> 8) & 255]! ^ t2[(b >>> 16) & 255]! ^ t3[a >>> 24]! ^ k[r + 7]!;
    }
    words[at] = column(INVERSE_SBOX, e, h, g, f) ^ k[last]! ^ w0;
    words[at + 1] = column(INVERSE_SBOX, f, e, h, g) ^ k[last + 1]! ^ w1;
    words[at + 2] = column(INVERSE_SBOX, g, f, e, h) ^ k[last + 2]! ^ w2;
    words[at + 3] = column(INVERSE_SBOX, h, g, f, e) ^ k[last + 3]! ^ w3;
    const carry = (w3 >> 31) & REDUCTION;
    w3 = (w3 << 1) | (w2 >>> 31);
    w2 = (w2 << 1) | (w1 >>> 31);
    w1 = (w1 << 1) | (w0 >>> 31);
    w0 = (w0 << 1) ^ carry;
  }
}

/** IEEE 1619: x^128 = x^7 + x^2 + x + 1. */
const REDUCTION = 0x87;

function column(box: Uint8Array, a: number, b: number, c: number, d: number): number {
  return box[a & 255]! | (box[(b >>> 8) & 255]! << 8) | (box[(c >>> 16) & 255]! << 16) | (box[d >>> 24]! << 24);
}

function substituted(word: number): number {
  return column(SBOX, word, word, word, word);
}

function expand(key: Uint8Array): Int32Array {
  const keyWords = key.length / 4;
  const schedule = new Int32Array(AES_BLOCK_WORDS * (keyWords + 7));
  for (let index = 0; index < keyWords; index++) {
    const at = index * 4;
    schedule[index] = key[at]! | (key[at + 1]! << 8) | (key[at + 2]! << 16) | (key[at + 3]! << 24);
  }
  let roundConstant = 1;
  for (let index = keyWords; index < schedule.length; index++) {
    let word = schedule[index - 1]!;
    if (index % keyWords === 0) {
      word = substituted((word >>> 8) | (word << 24)) ^ roundConstant;
      roundConstant = (roundConstant << 1) ^ (roundConstant >= 0x80 ? 0x11b : 0);
    } else if (keyWords > 6 && index % keyWords === 4) {
      word = substituted(word);
    }
    schedule[index] = schedule[index - keyWords]! ^ word;
  }
  return schedule;
}

/** FIPS 197, "equivalent inverse cipher": round keys backwards, the inner ones through the inverse MixColumns. */
function invert(schedule: Int32Array): Int32Array {
  const inverse = new Int32Array(schedule.length);
  const last = schedule.length - AES_BLOCK_WORDS;
  for (let at = 0; at <= last; at += AES_BLOCK_WORDS) {
    for (let word = 0; word < AES_BLOCK_WORDS; word++) {
      const value = schedule[last - at + word]!;
      inverse[at + word] = at === 0 || at === last ? value : inverseMixColumn(value);
    }
  }
  return inverse;
}

function inverseMixColumn(word: number): number {
  const [t0, t1, t2, t3] = DECRYPT_TABLES;
  return (
    t0[SBOX[word & 255]!]! ^ t1[SBOX[(word >>> 8) & 255]!]! ^ t2[SBOX[(word >>> 16) & 255]!]! ^ t3[SBOX[word >>> 24]!]!
  );
}
