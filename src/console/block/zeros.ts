import { nativeCompare, type Compare } from './native-compare.ts';

/** Small enough to stay in the processor's cache. */
const ZEROS = new Uint8Array(64 * 1024);

/** Whether all bytes are zero. */
export function isAllZero(bytes: Uint8Array): boolean {
  if (bytes[0] !== 0) return bytes.length === 0;
  return nativeCompare === null ? isZeroByWords(bytes) : isZeroByCompare(bytes, nativeCompare);
}

function isZeroByCompare(bytes: Uint8Array, compare: Compare): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length);
    if (compare(part, part.length === ZEROS.length ? ZEROS : ZEROS.subarray(0, part.length)) !== 0) return false;
  }
  return true;
}

/** Looks at the first, middle and last word before all of them. */
export function isZeroByWords(bytes: Uint8Array): boolean {
  if (bytes.byteOffset % 8 !== 0 || bytes.length % 8 !== 0) return bytes.every((byte) => byte === 0);
  const words = new BigUint64Array(bytes.buffer, bytes.byteOffset, bytes.length / 8);
  if (words.length === 0) return true;
  if (words[0] !== 0n || words[words.length >> 1] !== 0n || words[words.length - 1] !== 0n) return false;
  let at = 0;
  for (; at + 4 <= words.length; at += 4) {
    if ((words[at]! | words[at + 1]! | words[at + 2]! | words[at + 3]!) !== 0n) return false;
  }
  for (; at < words.length; at++) if (words[at] !== 0n) return false;
  return true;
}
