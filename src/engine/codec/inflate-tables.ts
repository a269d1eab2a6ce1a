import {
  DISTANCE_BASES,
  DISTANCE_EXTRA_BITS,
  DISTANCE_SYMBOL_COUNT,
  END_OF_BLOCK,
  FIXED_DISTANCE_LENGTHS,
  FIXED_LITERAL_LENGTHS,
  LENGTH_BASES,
  LENGTH_EXTRA_BITS,
  LITERAL_SYMBOL_COUNT,
  PRECODE_EXTRA_BITS,
} from './deflate-symbols.ts';

/**
 * Decoding tables of inflate. A table has 2^rootBits entries, indexed by the next bits of the stream, and behind them
 * subtables for longer codes. An entry is an Int32:
 *
 *   bits 0–4    bits to consume: code length plus extra bits (a subtable: its index bits)
 *   bits 5–8    code length alone (of two literals: the first one's)
 *   bits 9–…    literals: one or two bytes, bits 25–26 how many; otherwise the base value or the subtable's start
 *   bits 28–31  kind; the sign bit is set for whatever is not the table's usual case
 */
export const KIND_MASK = 0xf0000000 | 0;
export const KIND_LENGTH = 0x80000000 | 0;
export const KIND_SUBTABLE = 0x90000000 | 0;
export const KIND_END = 0xa0000000 | 0;
const KIND_INVALID = 0xb0000000 | 0;

export const PRECODE_ROOT_BITS = 7;
export const LITERAL_ROOT_BITS = 11;
export const DISTANCE_ROOT_BITS = 9;
/** Root and subtables of the worst code: 2,342 entries for 288 symbols of 15 bits at most, 594 for 32 symbols. */
export const LITERAL_TABLE_SIZE = 2400;
export const DISTANCE_TABLE_SIZE = 600;

/** What each symbol's entry is before its code length is known. */
export const PRECODE_SYMBOLS = Int32Array.from({ length: 19 }, (_, symbol) => {
  return (symbol << 9) | PRECODE_EXTRA_BITS[symbol]!;
});

export const LITERAL_SYMBOLS = Int32Array.from({ length: 288 }, (_, symbol) => {
  if (symbol < 256) return (1 << 25) | (symbol << 9);
  if (symbol === END_OF_BLOCK) return KIND_END;
  if (symbol >= LITERAL_SYMBOL_COUNT) return KIND_INVALID;
  return KIND_LENGTH | (LENGTH_BASES[symbol]! << 9) | LENGTH_EXTRA_BITS[symbol]!;
});

export const DISTANCE_SYMBOLS = Int32Array.from({ length: 32 }, (_, symbol) => {
  if (symbol >= DISTANCE_SYMBOL_COUNT) return KIND_INVALID;
  return (DISTANCE_BASES[symbol]! << 9) | DISTANCE_EXTRA_BITS[symbol]!;
});

const lengthCounts = new Uint16Array(16);
const nextIndexes = new Uint16Array(17);
const sortedSymbols = new Uint16Array(288);

/**
 * Fills `table` for the canonical code with the given lengths. False when they are over-subscribed, or incomplete:
 * with `one-bit`, a single code of one bit, or none at all, is allowed and the missing ones are invalid entries.
 */
export function buildDecodingTable(
  table: Int32Array,
  rootBits: number,
  symbols: Int32Array,
  lengths: Uint8Array,
  start: number,
  count: number,
  incomplete: 'complete' | 'one-bit',
): boolean {
  lengthCounts.fill(0);
  for (let i = 0; i < count; i++) lengthCounts[lengths[start + i]!]!++;
  lengthCounts[0] = 0;
  let space = 0;
  let codeCount = 0;
  for (let length = 1; length <= 15; length++) {
    space += lengthCounts[length]! << (15 - length);
    nextIndexes[length] = codeCount;
    codeCount += lengthCounts[length]!;
  }
  if (space > 1 << 15) return false;
  if (space < 1 << 15) {
    if (incomplete === 'complete' || codeCount > 1 || space > 0 !== (lengthCounts[1] === 1)) return false;
    table.fill(KIND_INVALID, 0, 1 << rootBits);
  }
  for (let i = 0; i < count; i++) {
    const length = lengths[start + i]!;
    if (length !== 0) sortedSymbols[nextIndexes[length]!++] = i;
  }
  if (codeCount === 1) {
    const entry = symbols[sortedSymbols[0]!]! + 33;
    for (let i = 0; i < 1 << rootBits; i += 2) table[i] = entry;
    return true;
  }

  // Codes are kept bit-reversed, as the stream delivers them. A code of n bits fills every 2^n-th entry: the table is
  // completed for n bits and then doubled.
  let code = 0;
  let index = 0;
  for (let length = 1; length <= rootBits; length++) {
    for (let n = lengthCounts[length]!; n > 0; n--) {
      table[code] = symbols[sortedSymbols[index++]!]! + length * 33;
      code = nextReversedCode(code, length);
    }
    if (length < rootBits) table.copyWithin(1 << length, 0, 1 << length);
  }

  const rootMask = (1 << rootBits) - 1;
  let prefix = -1;
  let subtable = 0;
  let end = 1 << rootBits;
  for (let length = rootBits + 1; length <= 15; length++) {
    for (; lengthCounts[length]! > 0; lengthCounts[length]!--) {
      if ((code & rootMask) !== prefix) {
        prefix = code & rootMask;
        subtable = end;
        let subtableBits = length - rootBits;
        let used = lengthCounts[length]!;
        while (used < 1 << subtableBits) {
          subtableBits++;
          used = (used << 1) + lengthCounts[rootBits + subtableBits]!;
        }
        end = subtable + (1 << subtableBits);
        table[prefix] = KIND_SUBTABLE | (subtable << 9) | subtableBits;
      }
      const entry = symbols[sortedSymbols[index++]!]! + length * 33;
      for (let i = subtable + (code >>> rootBits); i < end; i += 1 << (length - rootBits)) table[i] = entry;
      code = nextReversedCode(code, length);
    }
  }
  return true;
}

/** Adds one at the top bit and carries downwards; the all-ones code stays, it is the last. */
function nextReversedCode(code: number, length: number): number {
  const zeros = code ^ ((1 << length) - 1);
  if (zeros === 0) return code;
  const carry = 1 << (31 - Math.clz32(zeros));
  return (code & (carry - 1)) | carry;
}

/** Where two literals' codes fit into one index, lets one look-up give both. */
export function pairLiterals(table: Int32Array): void {
  for (let index = (1 << LITERAL_ROOT_BITS) - 1; index >= 0; index--) {
    const first = table[index]!;
    if (first < 0) continue;
    // Entries below this index are still single: the walk goes downwards.
    const second = table[index >>> (first & 31)]!;
    const bits = (first & 31) + (second & 31);
    if (second < 0 || bits > LITERAL_ROOT_BITS) continue;
    const pair = (((second >>> 9) & 0xff) << 17) | (((first >>> 9) & 0xff) << 9);
    table[index] = (2 << 25) | pair | (first & (15 << 5)) | bits;
  }
}

export const fixedLiteralTable = new Int32Array(1 << LITERAL_ROOT_BITS);
export const fixedDistanceTable = new Int32Array(1 << DISTANCE_ROOT_BITS);
buildDecodingTable(fixedLiteralTable, LITERAL_ROOT_BITS, LITERAL_SYMBOLS, FIXED_LITERAL_LENGTHS, 0, 288, 'complete');
pairLiterals(fixedLiteralTable);
buildDecodingTable(fixedDistanceTable, DISTANCE_ROOT_BITS, DISTANCE_SYMBOLS, FIXED_DISTANCE_LENGTHS, 0, 32, 'complete');
