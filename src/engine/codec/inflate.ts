import { EngineError } from '../errors.ts';
import { COPY_SLACK, copyMatch } from './copy-match.ts';
import { END_OF_BLOCK, PRECODE_ORDER } from './deflate-symbols.ts';
import {
  buildDecodingTable,
  DISTANCE_ROOT_BITS,
  DISTANCE_SYMBOLS,
  DISTANCE_TABLE_SIZE,
  fixedDistanceTable,
  fixedLiteralTable,
  KIND_END,
  KIND_LENGTH,
  KIND_MASK,
  KIND_SUBTABLE,
  LITERAL_ROOT_BITS,
  LITERAL_SYMBOLS,
  LITERAL_TABLE_SIZE,
  pairLiterals,
  PRECODE_ROOT_BITS,
  PRECODE_SYMBOLS,
} from './inflate-tables.ts';
import { mustHold, placeInStep, source, takeInput, target } from './scratch.ts';

/**
 * Decompresses one raw deflate stream (RFC 1951) into `output` and returns how many bytes it gave. It stops when the
 * output is full, even in the middle of the stream, or when the stream ends, and ignores what follows: nobody knows how
 * long the stream in a compressed cluster is. Invalid or truncated data throws `corrupt` and leaves `output` as it was;
 * as in zlib, invalid is also what stands between the last byte wanted and the next one that the stream would give.
 */
export function inflateRaw(input: Uint8Array, output: Uint8Array): number {
  const start = placeInStep(input, 0);
  takeInput(input, start, INPUT_SLACK);
  mustHold(output.length + OUTPUT_SLACK);
  bit = start * 8;
  bitEnd = (start + input.length) * 8;
  out = 0;
  outEnd = output.length;

  while (inflateNextBlock());

  const produced = Math.min(out, outEnd);
  output.set(target.bytes.subarray(0, produced));
  return produced;
}

/** False after the last block, and where the output is full. */
function inflateNextBlock(): boolean {
  const header = peek();
  bit += 3;
  if (bit > bitEnd) return endOfInput();
  const isLast = (header & 1) === 1;
  switch ((header >>> 1) & 3) {
    case 0:
      return copyStored() && !isLast;
    case 1:
      return inflateBlock(fixedLiteralTable, fixedDistanceTable) && !isLast;
    case 2:
      return readDynamicTables() && inflateBlock(literalTable, distanceTable) && !isLast;
    default:
      throw corrupt('invalid block type');
  }
}

/** Nothing more to read, which is an error unless nothing more is wanted. */
function endOfInput(): false {
  if (out < outEnd) throw corrupt('the stream ends too early');
  return false;
}

/** Enough for a 32-bit read at the last bit, and for the reads of one symbol that begins there and of the next. */
const INPUT_SLACK = 16;
/** What one turn of the loop may write beyond the output: a match. */
const OUTPUT_SLACK = 8 + 258 + COPY_SLACK;
/** What one turn of the loop may decode and consume: two look-ups of literals, a length and a distance. */
const LITERALS_PER_TURN = 4;
const BITS_PER_TURN = 2 * LITERAL_ROOT_BITS + 15 + 5 + 15 + 13;

const literalTable = new Int32Array(LITERAL_TABLE_SIZE);
const distanceTable = new Int32Array(DISTANCE_TABLE_SIZE);
const precodeTable = new Int32Array(1 << PRECODE_ROOT_BITS);
const codeLengths = new Uint8Array(288 + 32);

// Where the running call stands.
let bit = 0;
let bitEnd = 0;
let out = 0;
let outEnd = 0;

function peek(): number {
  return source.view.getUint32(bit >>> 3, true) >>> (bit & 7);
}

/** False where the output is full before the block ends. */
function inflateBlock(literals: Int32Array, distances: Int32Array): boolean {
  return inflateQuickly(literals, distances) || inflateExactly(literals, distances);
}

/** Up to the end of the block (true), or to where the next turn might decode more than is wanted or than is there. */
function inflateQuickly(literals: Int32Array, distances: Int32Array): boolean {
  const input = source.view;
  const bytes = target.bytes;
  const view = target.view;
  const literalMask = (1 << LITERAL_ROOT_BITS) - 1;
  const distanceMask = (1 << DISTANCE_ROOT_BITS) - 1;
  const bitMax = bitEnd - BITS_PER_TURN;
  const outMax = outEnd - LITERALS_PER_TURN;
  let bitAt = bit;
  let outAt = out;
  let hasEnded = false;

  // A 32-bit word at a byte border holds at least 25 bits that are still to come. What comes next is looked up as early as
  // possible: the processor does that beside what is left to do.
  let word = input.getUint32(bitAt >>> 3, true) >>> (bitAt & 7);
  let entry = literals[word & literalMask]!;
  while (outAt <= outMax && bitAt <= bitMax) {
    if (entry >= 0) {
      view.setUint16(outAt, entry >>> 9, true);
      outAt += entry >>> 25;
      bitAt += entry & 31;
      entry = literals[(word >>> (entry & 31)) & literalMask]!;
      if (entry >= 0) {
        view.setUint16(outAt, entry >>> 9, true);
        outAt += entry >>> 25;
        bitAt += entry & 31;
        word = input.getUint32(bitAt >>> 3, true) >>> (bitAt & 7);
        entry = literals[word & literalMask]!;
        continue;
      }
      word = input.getUint32(bitAt >>> 3, true) >>> (bitAt & 7);
    }

    if ((entry & KIND_MASK) === KIND_SUBTABLE) {
      entry = literals[((entry >>> 9) & 0xffff) + ((word >>> LITERAL_ROOT_BITS) & ((1 << (entry & 31)) - 1))]!;
      if (entry >= 0) {
        bytes[outAt++] = entry >>> 9;
        bitAt += entry & 31;
        word = input.getUint32(bitAt >>> 3, true) >>> (bitAt & 7);
        entry = literals[word & literalMask]!;
        continue;
      }
    }
    bitAt += entry & 31;
    if ((entry & KIND_MASK) !== KIND_LENGTH) {
      if ((entry & KIND_MASK) !== KIND_END) throw corrupt('invalid literal or length code');
      hasEnded = true;
      break;
    }
    const length = ((entry >>> 9) & 511) + ((word & ((1 << (entry & 31)) - 1)) >>> ((entry >>> 5) & 15));

    word = input.getUint32(bitAt >>> 3, true) >>> (bitAt & 7);
    entry = distances[word & distanceMask]!;
    if (entry < 0) {
      if ((entry & KIND_MASK) !== KIND_SUBTABLE) throw corrupt('invalid distance code');
      entry = distances[((entry >>> 9) & 0xffff) + ((word >>> DISTANCE_ROOT_BITS) & ((1 << (entry & 31)) - 1))]!;
      if (entry < 0) throw corrupt('invalid distance code');
    }
    // A long code with many extra bits (28 in all) can exceed what the word holds, so the extra bits are read anew.
    const codeLength = (entry >>> 5) & 15;
    const extraAt = bitAt + codeLength;
    const extra = input.getUint32(extraAt >>> 3, true) >>> (extraAt & 7);
    const distance = (entry >>> 9) + (extra & ((1 << ((entry & 31) - codeLength)) - 1));
    bitAt += entry & 31;
    if (distance > outAt) throw corrupt('a match reaches back before the start');
    word = input.getUint32(bitAt >>> 3, true) >>> (bitAt & 7);
    entry = literals[word & literalMask]!;
    copyMatch(outAt, distance, length);
    outAt += length;
  }
  bit = bitAt;
  out = outAt;
  return hasEnded;
}

/** The last few symbols of the output, and the one after them: symbol by symbol. True at the end of the block. */
function inflateExactly(literals: Int32Array, distances: Int32Array): boolean {
  for (;;) {
    // A match that goes on beyond the output keeps zlib from looking at what comes after it.
    if (bit >= bitEnd || out > outEnd) return endOfInput();
    const entry = entryAt(literals, LITERAL_ROOT_BITS);
    if (entry >= 0) {
      bit += (entry >>> 5) & 15;
      if (bit > bitEnd || out >= outEnd) return endOfInput();
      target.bytes[out++] = entry >>> 9;
      continue;
    }
    const kind = entry & KIND_MASK;
    if (kind !== KIND_END && kind !== KIND_LENGTH) throw corrupt('invalid literal or length code');
    const length = ((entry >>> 9) & 511) + extraBitsOf(entry);
    bit += entry & 31;
    if (bit > bitEnd) return endOfInput();
    if (kind === KIND_END) return true;
    if (bit === bitEnd) return endOfInput();

    const distanceEntry = entryAt(distances, DISTANCE_ROOT_BITS);
    if (distanceEntry < 0) throw corrupt('invalid distance code');
    const distance = (distanceEntry >>> 9) + extraBitsOf(distanceEntry);
    bit += distanceEntry & 31;
    if (bit > bitEnd || out >= outEnd) return endOfInput();
    if (distance > out) throw corrupt('a match reaches back before the start');
    copyMatch(out, distance, length);
    out += length;
  }
}

function entryAt(table: Int32Array, rootBits: number): number {
  const word = peek();
  const entry = table[word & ((1 << rootBits) - 1)]!;
  if ((entry & KIND_MASK) !== KIND_SUBTABLE) return entry;
  return table[((entry >>> 9) & 0xffff) + ((word >>> rootBits) & ((1 << (entry & 31)) - 1))]!;
}

/** The value of the extra bits behind the code that stands at `bit`. */
function extraBitsOf(entry: number): number {
  const codeLength = (entry >>> 5) & 15;
  const at = bit + codeLength;
  const word = source.view.getUint32(at >>> 3, true) >>> (at & 7);
  return word & ((1 << ((entry & 31) - codeLength)) - 1);
}

function copyStored(): boolean {
  const at = (bit + 7) >>> 3;
  if ((at + 4) * 8 > bitEnd) return endOfInput();
  const length = source.view.getUint16(at, true);
  if ((source.view.getUint16(at + 2, true) ^ length) !== 0xffff) throw corrupt('stored block length does not match');
  const copied = Math.min(length, outEnd - out, (bitEnd >>> 3) - (at + 4));
  target.bytes.set(source.bytes.subarray(at + 4, at + 4 + copied), out);
  out += copied;
  bit = (at + 4 + copied) * 8;
  return copied === length || endOfInput();
}

/** The Huffman codes of a dynamic block; what is allowed follows zlib, the format's arbiter. */
function readDynamicTables(): boolean {
  const header = peek();
  bit += 14;
  if (bit > bitEnd) return endOfInput();
  const literalCount = (header & 31) + 257;
  const distanceCount = ((header >>> 5) & 31) + 1;
  const precodeCount = ((header >>> 10) & 15) + 4;
  if (literalCount > 286 || distanceCount > 30) throw corrupt('too many length or distance symbols');

  codeLengths.fill(0, 0, 19);
  if (bit + precodeCount * 3 > bitEnd) return endOfInput();
  for (let i = 0; i < precodeCount; i++) {
    codeLengths[PRECODE_ORDER[i]!] = peek() & 7;
    bit += 3;
  }
  if (!buildDecodingTable(precodeTable, PRECODE_ROOT_BITS, PRECODE_SYMBOLS, codeLengths, 0, 19, 'complete'))
    throw corrupt('invalid code lengths set');

  const count = literalCount + distanceCount;
  let index = 0;
  while (index < count) {
    const word = peek();
    const entry = precodeTable[word & ((1 << PRECODE_ROOT_BITS) - 1)]!;
    const symbol = (entry >>> 9) & 31;
    const extra = (word & ((1 << (entry & 31)) - 1)) >>> ((entry >>> 5) & 15);
    bit += entry & 31;
    if (bit > bitEnd) return endOfInput();
    if (symbol < 16) {
      codeLengths[index++] = symbol;
      continue;
    }
    if (symbol === 16 && index === 0) throw corrupt('invalid bit length repeat');
    const repeat = extra + (symbol === 18 ? 11 : 3);
    if (index + repeat > count) throw corrupt('invalid bit length repeat');
    codeLengths.fill(symbol === 16 ? codeLengths[index - 1]! : 0, index, index + repeat);
    index += repeat;
  }

  if (codeLengths[END_OF_BLOCK] === 0) throw corrupt('missing end-of-block code');
  if (!buildDecodingTable(literalTable, LITERAL_ROOT_BITS, LITERAL_SYMBOLS, codeLengths, 0, literalCount, 'one-bit'))
    throw corrupt('invalid literal and length code');
  pairLiterals(literalTable);
  const root = DISTANCE_ROOT_BITS;
  if (!buildDecodingTable(distanceTable, root, DISTANCE_SYMBOLS, codeLengths, literalCount, distanceCount, 'one-bit'))
    throw corrupt('invalid distance code');
  return true;
}

function corrupt(what: string): EngineError {
  return new EngineError('corrupt', `Invalid deflate data: ${what}`);
}
