/** 2³² divided by the golden ratio. */
const SPREAD = 0x9e3779b1;

/** A hash of `bits` bits of a word: words that differ in few bits differ in the upper ones of the product (Knuth, TAOCP 6.4). */
export function wordHash(word: number, bits: number): number {
  return Math.imul(word, SPREAD) >>> (32 - bits);
}
