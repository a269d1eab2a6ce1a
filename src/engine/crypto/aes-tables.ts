/** FIPS 197, "S-box" and its inverse; empty, as all tables here, until {@link fillTablesOnce}. */
export const SBOX = new Uint8Array(256);
export const INVERSE_SBOX = new Uint8Array(256);
/**
 * SubBytes and MixColumns (and their inverses) of one byte, as the little-endian column that it contributes; table n is
 * for the byte in row n.
 */
export const ENCRYPT_TABLES = fourTables();
export const DECRYPT_TABLES = fourTables();

let areFilled = false;

/** To be called before the tables are used. Most programs never do, and filling them takes a good part of a start. */
export function fillTablesOnce(): void {
  if (areFilled) return;
  fillTables();
  areFilled = true;
}

function fourTables(): readonly [Int32Array, Int32Array, Int32Array, Int32Array] {
  return [new Int32Array(256), new Int32Array(256), new Int32Array(256), new Int32Array(256)];
}

function fillTables(): void {
  const { powers, logarithms } = fieldTables();
  const times = (byte: number, factor: number) =>
    byte === 0 ? 0 : powers[(logarithms[byte]! + logarithms[factor]!) % 255]!;
  for (let byte = 0; byte < 256; byte++) {
    const substitute = affine(byte === 0 ? 0 : powers[(255 - logarithms[byte]!) % 255]!);
    SBOX[byte] = substitute;
    INVERSE_SBOX[substitute] = byte;
    setColumn(ENCRYPT_TABLES, byte, times(substitute, 2), substitute, substitute, times(substitute, 3));
    // This goes through all bytes once, so the inverse tables fill up in the order of the substitutes.
    setColumn(DECRYPT_TABLES, substitute, times(byte, 14), times(byte, 9), times(byte, 13), times(byte, 11));
  }
}

/** Powers of the generator 3 in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1, and their logarithms. */
function fieldTables(): { powers: Uint8Array; logarithms: Uint8Array } {
  const powers = new Uint8Array(255);
  const logarithms = new Uint8Array(256);
  for (let exponent = 0, value = 1; exponent < 255; exponent++) {
    powers[exponent] = value;
    logarithms[value] = exponent;
    value ^= (value << 1) ^ (value >= 0x80 ? 0x11b : 0);
  }
  return { powers, logarithms };
}

function affine(byte: number): number {
  const twice = byte | (byte << 8);
  return (byte ^ (twice >> 7) ^ (twice >> 6) ^ (twice >> 5) ^ (twice >> 4) ^ 0x63) & 0xff;
}

function setColumn(tables: typeof ENCRYPT_TABLES, index: number, a: number, b: number, c: number, d: number): void {
  let column = a | (b << 8) | (c << 16) | (d << 24);
  for (const table of tables) {
    table[index] = column;
    column = (column << 8) | (column >>> 24);
  }
}
