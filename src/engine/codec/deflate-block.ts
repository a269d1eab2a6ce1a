import { BitWriter } from './bit-writer.ts';
import { assignCodes } from './canonical-code.ts';
import { describeCodes, writeDescription } from './deflate-description.ts';
import { splitTokens, type TokenRun } from './deflate-split.ts';
import {
  DISTANCE_BASES,
  DISTANCE_EXTRA_BITS,
  DISTANCE_SYMBOL_COUNT,
  DISTANCE_SYMBOLS,
  END_OF_BLOCK,
  FIXED_DISTANCE_LENGTHS,
  FIXED_LITERAL_LENGTHS,
  LENGTH_BASES,
  LENGTH_EXTRA_BITS,
  LENGTH_SYMBOLS,
  LITERAL_SYMBOL_COUNT,
} from './deflate-symbols.ts';
import { tokenDistance, tokenLength } from './deflate-token.ts';
import { MATCH_LENGTH_MAX, MATCH_LENGTH_MIN } from './match-finder.ts';
import { codeLengths } from './prefix-code.ts';
import { mustHold, source, target } from './scratch.ts';

/** Writes tokens as deflate blocks. Each block's size is known before it is written, so the room is never exceeded. */
export class BlockWriter {
  readonly #bitsMax: number;
  readonly #writer = new BitWriter(0);

  constructor(lengthMax: number) {
    mustHold(lengthMax + TARGET_SLACK);
    this.#bitsMax = lengthMax * 8;
  }

  /** Writes the tokens, which stand for the source from `start` on, divided where that pays; false when they do not fit. */
  writeBlocks(tokens: Int32Array, count: number, start: number, isLast: boolean): boolean {
    const runs = splitTokens(tokens, count);
    let first = 0;
    let at = start;
    for (const [index, run] of runs.entries()) {
      if (!this.#writeBlock(tokens, first, run, at, isLast && index === runs.length - 1)) return false;
      first += run.tokenCount;
      at += run.byteLength;
    }
    // An empty input is an empty block.
    return runs.length > 0 || this.#writeBlock(tokens, 0, EMPTY_RUN, start, isLast);
  }

  /** Copies the stream into `output` and returns its length. */
  finish(output: Uint8Array): number {
    this.#writer.align();
    output.set(target.bytes.subarray(0, this.#writer.at));
    return this.#writer.at;
  }

  #writeBlock(tokens: Int32Array, first: number, run: TokenRun, start: number, isLast: boolean): boolean {
    const last = first + run.tokenCount;
    const end = start + run.byteLength;
    literalFrequencies.set(run.frequencies.subarray(0, LITERAL_SYMBOL_COUNT));
    distanceFrequencies.set(run.frequencies.subarray(LITERAL_SYMBOL_COUNT));
    literalFrequencies[END_OF_BLOCK] = 1;
    codeLengths(literalFrequencies, LITERAL_SYMBOL_COUNT, 15, literalLengths);
    codeLengths(distanceFrequencies, DISTANCE_SYMBOL_COUNT, 15, distanceLengths);
    const extraBits = extraBitCount();
    const dynamicBits =
      3 + describeCodes(literalLengths, distanceLengths) + bodyBits(literalLengths, distanceLengths) + extraBits;
    const fixedBits = 3 + bodyBits(FIXED_LITERAL_LENGTHS, FIXED_DISTANCE_LENGTHS) + extraBits;
    const used = this.#writer.at * 8 + this.#writer.pendingCount;
    const storedBits = storedBitCount(used, end - start);
    const bits = Math.min(dynamicBits, fixedBits, storedBits);
    if (used + bits > this.#bitsMax) return false;
    if (bits === storedBits) {
      this.#writeStored(start, end, isLast);
    } else if (bits === fixedBits) {
      this.#writer.put(isLast ? 3 : 2, 3);
      this.#writeTokens(tokens, first, last, FIXED_LITERAL_LENGTHS, FIXED_DISTANCE_LENGTHS);
    } else {
      this.#writer.put(isLast ? 5 : 4, 3);
      writeDescription(this.#writer);
      this.#writeTokens(tokens, first, last, literalLengths, distanceLengths);
    }
    return true;
  }

  #writeStored(start: number, end: number, isLast: boolean): void {
    const writer = this.#writer;
    let at = start;
    do {
      const length = Math.min(end - at, STORED_LENGTH_MAX);
      writer.put(isLast && at + length === end ? 1 : 0, 3);
      writer.align();
      target.view.setUint16(writer.at, length, true);
      target.view.setUint16(writer.at + 2, ~length, true);
      target.bytes.set(source.bytes.subarray(at, at + length), writer.at + 4);
      writer.at += 4 + length;
      at += length;
    } while (at < end);
  }

  #writeTokens(
    tokens: Int32Array,
    first: number,
    last: number,
    literalLengths: Uint8Array,
    distanceLengths: Uint8Array,
  ): void {
    prepareWords(literalLengths, distanceLengths);
    const view = target.view;
    // As BitWriter does, in local variables.
    const writer = this.#writer;
    let out = writer.at;
    let { pending, pendingCount } = writer;
    for (let i = first; i < last; i++) {
      const token = tokens[i]!;
      if (token >= 0) {
        const word = literalWords[token]!;
        pending |= (word >>> COUNT_BITS) << pendingCount;
        pendingCount += word & COUNT_MASK;
      } else {
        const word = lengthWords[tokenLength(token)]!;
        pending |= (word >>> COUNT_BITS) << pendingCount;
        pendingCount += word & COUNT_MASK;
        view.setUint32(out, pending, true);
        out += pendingCount >>> 3;
        pending >>>= pendingCount & 24;
        pendingCount &= 7;

        // At most 7 + 15 + 10 bits: a distance of a 12-bit window has no more extra bits.
        const distance = tokenDistance(token);
        const symbol = DISTANCE_SYMBOLS[distance]!;
        const distanceWord = distanceWords[symbol]!;
        pending |= (distanceWord >>> COUNT_BITS) << pendingCount;
        pendingCount += distanceWord & COUNT_MASK;
        pending |= (distance - DISTANCE_BASES[symbol]!) << pendingCount;
        pendingCount += DISTANCE_EXTRA_BITS[symbol]!;
      }
      view.setUint32(out, pending, true);
      out += pendingCount >>> 3;
      pending = pendingCount === 32 ? 0 : pending >>> (pendingCount & 24);
      pendingCount &= 7;
    }
    writer.at = out;
    writer.pending = pending;
    writer.pendingCount = pendingCount;
    writer.put(literalWords[END_OF_BLOCK]! >>> COUNT_BITS, literalWords[END_OF_BLOCK]! & COUNT_MASK);
  }
}

const TARGET_SLACK = 16;
const EMPTY_RUN: TokenRun = {
  frequencies: new Uint32Array(LITERAL_SYMBOL_COUNT + DISTANCE_SYMBOL_COUNT),
  tokenCount: 0,
  byteLength: 0,
  cost: 0,
};
const STORED_LENGTH_MAX = 0xffff;

const literalFrequencies = new Uint32Array(LITERAL_SYMBOL_COUNT);
const distanceFrequencies = new Uint32Array(DISTANCE_SYMBOL_COUNT);
const literalLengths = new Uint8Array(LITERAL_SYMBOL_COUNT);
const distanceLengths = new Uint8Array(DISTANCE_SYMBOL_COUNT);
const codes = new Uint16Array(FIXED_LITERAL_LENGTHS.length);

// What is to be written as one word: its bits above the count of them. A length's include its extra bits, at most 15 + 5.
const COUNT_BITS = 5;
const COUNT_MASK = (1 << COUNT_BITS) - 1;
const literalWords = new Uint32Array(FIXED_LITERAL_LENGTHS.length);
const lengthWords = new Uint32Array(MATCH_LENGTH_MAX + 1);
const distanceWords = new Uint32Array(FIXED_DISTANCE_LENGTHS.length);

function prepareWords(literalLengths: Uint8Array, distanceLengths: Uint8Array): void {
  assignWords(literalLengths, literalWords);
  assignWords(distanceLengths, distanceWords);
  for (let length = MATCH_LENGTH_MIN; length <= MATCH_LENGTH_MAX; length++) {
    const symbol = LENGTH_SYMBOLS[length]!;
    const word = literalWords[symbol]!;
    // The extra bits go above those of the code.
    const extra = (length - LENGTH_BASES[symbol]!) << (COUNT_BITS + (word & COUNT_MASK));
    lengthWords[length] = (word | extra) + LENGTH_EXTRA_BITS[symbol]!;
  }
}

function assignWords(lengths: Uint8Array, words: Uint32Array): void {
  assignCodes(lengths, lengths.length, codes);
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    words[symbol] = (codes[symbol]! << COUNT_BITS) | lengths[symbol]!;
  }
}

function bodyBits(literalLengths: Uint8Array, distanceLengths: Uint8Array): number {
  let bits = 0;
  for (let symbol = 0; symbol < LITERAL_SYMBOL_COUNT; symbol++)
    bits += literalFrequencies[symbol]! * literalLengths[symbol]!;
  for (let symbol = 0; symbol < DISTANCE_SYMBOL_COUNT; symbol++)
    bits += distanceFrequencies[symbol]! * distanceLengths[symbol]!;
  return bits;
}

function extraBitCount(): number {
  let bits = 0;
  for (let symbol = END_OF_BLOCK + 1; symbol < LITERAL_SYMBOL_COUNT; symbol++)
    bits += literalFrequencies[symbol]! * LENGTH_EXTRA_BITS[symbol]!;
  for (let symbol = 0; symbol < DISTANCE_SYMBOL_COUNT; symbol++)
    bits += distanceFrequencies[symbol]! * DISTANCE_EXTRA_BITS[symbol]!;
  return bits;
}

function storedBitCount(used: number, length: number): number {
  let bits = 0;
  let rest = length;
  do {
    bits += 3;
    bits += -(used + bits) & 7;
    const part = Math.min(rest, STORED_LENGTH_MAX);
    bits += (4 + part) * 8;
    rest -= part;
  } while (rest > 0);
  return bits;
}
