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
import { Scratch } from './scratch.ts';

/**
 * Decompresses one raw deflate stream (RFC 1951) into `output` and returns how many bytes it gave. It stops when the
 * output is full, even in the middle of the stream, or when the stream ends, and ignores what follows: nobody knows how
 * long the stream in a compressed cluster is. Invalid or truncated data throws `corrupt` and leaves `output` as it was.
 */
export function inflateRaw(input: Uint8Array, output: Uint8Array): number {
  source.reserve(input.length + INPUT_SLACK);
  target.reserve(output.length + OUTPUT_SLACK);
  source.bytes.set(input);
  source.bytes.fill(0, input.length, input.length + INPUT_SLACK);
  bit = 0;
  bitEnd = input.length * 8;
  out = 0;
  outEnd = output.length;

  let isLast = false;
  while (!isLast && out < outEnd) {
    const header = peek();
    isLast = (header & 1) === 1;
    bit += 3;
    if (bit > bitEnd) throw truncated();
    switch ((header >>> 1) & 3) {
      case 0:
        copyStored();
        break;
      case 1:
        inflateBlock(fixedLiteralTable, fixedDistanceTable);
        break;
      case 2:
        readDynamicTables();
        inflateBlock(literalTable, distanceTable);
        break;
      default:
        throw corrupt('invalid block type');
    }
  }

  const produced = Math.min(out, outEnd);
  output.set(target.bytes.subarray(0, produced));
  return produced;
}

/** Enough for one 32-bit read at the last bit, and for the few symbols decoded before the end is noticed. */
const INPUT_SLACK = 16;
/** The literals and the match that one turn of the loop may add after the output is full. */
const OUTPUT_SLACK = 8 + 258 + COPY_SLACK;

const source = new Scratch();
const target = new Scratch();
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

function inflateBlock(literals: Int32Array, distances: Int32Array): void {
  const input = source.view;
  const bytes = target.bytes;
  const view = target.view;
  const literalMask = (1 << LITERAL_ROOT_BITS) - 1;
  const distanceMask = (1 << DISTANCE_ROOT_BITS) - 1;
  let bitAt = bit;
  let outAt = out;

  while (outAt < outEnd) {
    if (bitAt > bitEnd) throw truncated();
    // A 32-bit word at a byte border holds at least 25 bits that are still to come.
    let word = input.getUint32(bitAt >>> 3, true) >>> (bitAt & 7);
    let entry = literals[word & literalMask]!;
    if (entry >= 0) {
      view.setUint16(outAt, entry >>> 9, true);
      outAt += entry >>> 25;
      bitAt += entry & 31;
      entry = literals[(word >>> (entry & 31)) & literalMask]!;
      if (entry >= 0) {
        view.setUint16(outAt, entry >>> 9, true);
        outAt += entry >>> 25;
        bitAt += entry & 31;
        continue;
      }
      word = input.getUint32(bitAt >>> 3, true) >>> (bitAt & 7);
    }

    if ((entry & KIND_MASK) === KIND_SUBTABLE) {
      entry = literals[((entry >>> 9) & 0xffff) + ((word >>> LITERAL_ROOT_BITS) & ((1 << (entry & 31)) - 1))]!;
      if (entry >= 0) {
        bytes[outAt++] = entry >>> 9;
        bitAt += entry & 31;
        continue;
      }
    }
    bitAt += entry & 31;
    if ((entry & KIND_MASK) !== KIND_LENGTH) {
      if ((entry & KIND_MASK) !== KIND_END) throw corrupt('invalid literal or length code');
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
    copyMatch(bytes, view, outAt, distance, length);
    outAt += length;
  }
  if (bitAt > bitEnd) throw truncated();
  bit = bitAt;
  out = outAt;
}

function copyStored(): void {
  const at = (bit + 7) >>> 3;
  if ((at + 4) * 8 > bitEnd) throw truncated();
  const length = source.view.getUint16(at, true);
  if ((source.view.getUint16(at + 2, true) ^ length) !== 0xffff) throw corrupt('stored block length does not match');
  const wanted = Math.min(length, outEnd - out);
  if ((at + 4 + wanted) * 8 > bitEnd) throw truncated();
  target.bytes.set(source.bytes.subarray(at + 4, at + 4 + wanted), out);
  out += wanted;
  bit = (at + 4 + length) * 8;
}

/** The Huffman codes of a dynamic block; what is allowed follows zlib, the format's arbiter. */
function readDynamicTables(): void {
  const header = peek();
  bit += 14;
  const literalCount = (header & 31) + 257;
  const distanceCount = ((header >>> 5) & 31) + 1;
  const precodeCount = ((header >>> 10) & 15) + 4;
  if (literalCount > 286 || distanceCount > 30) throw corrupt('too many length or distance symbols');

  codeLengths.fill(0, 0, 19);
  if (bit + precodeCount * 3 > bitEnd) throw truncated();
  for (let i = 0; i < precodeCount; i++) {
    codeLengths[PRECODE_ORDER[i]!] = peek() & 7;
    bit += 3;
  }
  if (!buildDecodingTable(precodeTable, PRECODE_ROOT_BITS, PRECODE_SYMBOLS, codeLengths, 0, 19, 'complete'))
    throw corrupt('invalid code lengths set');

  const count = literalCount + distanceCount;
  let index = 0;
  while (index < count) {
    if (bit > bitEnd) throw truncated();
    const word = peek();
    const entry = precodeTable[word & ((1 << PRECODE_ROOT_BITS) - 1)]!;
    const symbol = (entry >>> 9) & 31;
    const extra = (word & ((1 << (entry & 31)) - 1)) >>> ((entry >>> 5) & 15);
    bit += entry & 31;
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
  if (bit > bitEnd) throw truncated();

  if (codeLengths[END_OF_BLOCK] === 0) throw corrupt('missing end-of-block code');
  if (!buildDecodingTable(literalTable, LITERAL_ROOT_BITS, LITERAL_SYMBOLS, codeLengths, 0, literalCount, 'one-bit'))
    throw corrupt('invalid literal and length code');
  pairLiterals(literalTable);
  const root = DISTANCE_ROOT_BITS;
  if (!buildDecodingTable(distanceTable, root, DISTANCE_SYMBOLS, codeLengths, literalCount, distanceCount, 'one-bit'))
    throw corrupt('invalid distance code');
}

function corrupt(what: string): EngineError {
  return new EngineError('corrupt', `Invalid deflate data: ${what}`);
}

function truncated(): EngineError {
  return corrupt('the stream ends too early');
}
