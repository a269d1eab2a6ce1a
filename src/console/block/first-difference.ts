import { nativeCompare } from './native-compare.ts';

const SECTOR = 512;
const WORDS = SECTOR / 8;

/** Where the first sector starts in which two buffers of one length differ; null: nowhere. */
export function firstDifferentSector(a: Uint8Array, b: Uint8Array): number | null {
  return nativeCompare !== null && nativeCompare(a, b) === 0 ? null : byWords(a, b);
}

/** Compares eight bytes at once. */
export function byWords(a: Uint8Array, b: Uint8Array): number | null {
  if (a.byteOffset % 8 !== 0 || b.byteOffset % 8 !== 0 || a.length % SECTOR !== 0) return byBytes(a, b);
  const left = new BigUint64Array(a.buffer, a.byteOffset, a.length / 8);
  const right = new BigUint64Array(b.buffer, b.byteOffset, b.length / 8);
  for (let start = 0; start < left.length; start += WORDS) {
    for (let at = start; at < start + WORDS; at += 4) {
      const isSame =
        left[at] === right[at] &&
        left[at + 1] === right[at + 1] &&
        left[at + 2] === right[at + 2] &&
        left[at + 3] === right[at + 3];
      if (!isSame) return start * 8;
    }
  }
  return null;
}

function byBytes(a: Uint8Array, b: Uint8Array): number | null {
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return at - (at % SECTOR);
  return null;
}
