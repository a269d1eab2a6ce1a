// Names in an image (backing file, snapshots, bitmaps) are bytes without a stated encoding. They become text for people
// and must become the same bytes again when the header or a table is rewritten.

const ESCAPE_BASE = 0xdc00;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Decodes UTF-8; where the bytes are not UTF-8, each byte above 0x7f becomes a lone surrogate, as Python's `surrogateescape` does. */
export function decodeName(bytes: Uint8Array): string {
  try {
    return strict.decode(bytes);
  } catch {
    return Array.from(bytes, (byte) => String.fromCharCode(byte < 0x80 ? byte : ESCAPE_BASE + byte)).join('');
  }
}

/** The bytes that {@link decodeName} was given. */
export function encodeName(name: string): Uint8Array {
  if (!/[\udc80-\udcff]/.test(name)) return encoder.encode(name);
  return Uint8Array.from([...name].flatMap((char) => [...encodeChar(char)]));
}

function encodeChar(char: string): Uint8Array | [number] {
  const code = char.charCodeAt(0);
  const isEscaped = char.length === 1 && code >= ESCAPE_BASE + 0x80 && code <= ESCAPE_BASE + 0xff;
  return isEscaped ? [code - ESCAPE_BASE] : encoder.encode(char);
}

/** What a C program prints of a name: up to the first NUL. */
export function printedName(name: string): string {
  const end = name.indexOf('\0');
  return end < 0 ? name : name.slice(0, end);
}

/** A C string's view of bytes: up to the first NUL. */
export function upToNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}
