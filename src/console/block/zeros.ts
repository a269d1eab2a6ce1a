/** Whether all bytes are zero; looks at the first, middle and last word before all of them. */
export function isAllZero(bytes: Uint8Array): boolean {
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
