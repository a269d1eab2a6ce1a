import {
  DISTANCE_BASES,
  DISTANCE_EXTRA_BITS,
  DISTANCE_SYMBOL_COUNT,
  DISTANCE_SYMBOLS,
  END_OF_BLOCK,
  LENGTH_BASES,
  LENGTH_EXTRA_BITS,
  LENGTH_SYMBOLS,
  LITERAL_SYMBOL_COUNT,
  tokenDistance,
  tokenLength,
} from './deflate-symbols.ts';
import { splitTokens, type TokenRun } from './deflate-split.ts';
import { codeLengths } from './prefix-code.ts';
import { Scratch } from './scratch.ts';

/** Writes tokens as deflate blocks. Each block's size is known before it is written, so the room is never exceeded. */
export class BlockWriter {
  readonly #source: Scratch;
  readonly #bitsMax: number;
  #out = 0;
  /** Bits not yet written, fewer than eight. */
  #pending = 0;
  #pendingCount = 0;

  constructor(source: Scratch, lengthMax: number) {
    this.#source = source;
    this.#bitsMax = lengthMax * 8;
    target.reserve(lengthMax + TARGET_SLACK);
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
    if (this.#pendingCount > 0) target.bytes[this.#out++] = this.#pending;
    output.set(target.bytes.subarray(0, this.#out));
    return this.#out;
  }

  #writeBlock(tokens: Int32Array, first: number, run: TokenRun, start: number, isLast: boolean): boolean {
    const last = first + run.tokenCount;
    const end = start + run.byteLength;
    literalFrequencies.set(run.frequencies.subarray(0, LITERAL_SYMBOL_COUNT));
    distanceFrequencies.set(run.frequencies.subarray(LITERAL_SYMBOL_COUNT));
    literalFrequencies[END_OF_BLOCK] = 1;
    codeLengths(literalFrequencies, LITERAL_SYMBOL_COUNT, 15, literalLengths);
    codeLengths(distanceFrequencies, DISTANCE_SYMBOL_COUNT, 15, distanceLengths);
    describeCodes();
    const extraBits = extraBitCount();
    const dynamicBits = 3 + descriptionBits + bodyBits(literalLengths, distanceLengths) + extraBits;
    const fixedBits = 3 + bodyBits(FIXED_LITERAL_LENGTHS, FIXED_DISTANCE_LENGTHS) + extraBits;
    const used = this.#out * 8 + this.#pendingCount;
    const storedBits = storedBitCount(used, end - start);
    const bits = Math.min(dynamicBits, fixedBits, storedBits);
    if (used + bits > this.#bitsMax) return false;
    if (bits === storedBits) {
      this.#writeStored(start, end, isLast);
    } else if (bits === fixedBits) {
      this.#put(isLast ? 3 : 2, 3);
      this.#writeTokens(tokens, first, last, FIXED_LITERAL_LENGTHS, FIXED_DISTANCE_LENGTHS);
    } else {
      this.#put(isLast ? 5 : 4, 3);
      this.#writeDescription();
      this.#writeTokens(tokens, first, last, literalLengths, distanceLengths);
    }
    return true;
  }

  #put(bits: number, count: number): void {
    const pending = this.#pending | (bits << this.#pendingCount);
    const pendingCount = this.#pendingCount + count;
    target.view.setUint32(this.#out, pending, true);
    this.#out += pendingCount >>> 3;
    this.#pending = pending >>> (pendingCount & 24);
    this.#pendingCount = pendingCount & 7;
  }

  #writeStored(start: number, end: number, isLast: boolean): void {
    let at = start;
    do {
      const length = Math.min(end - at, STORED_LENGTH_MAX);
      this.#put(isLast && at + length === end ? 1 : 0, 3);
      if (this.#pendingCount > 0) this.#put(0, 8 - this.#pendingCount);
      target.view.setUint16(this.#out, length, true);
      target.view.setUint16(this.#out + 2, ~length, true);
      target.bytes.set(this.#source.bytes.subarray(at, at + length), this.#out + 4);
      this.#out += 4 + length;
      at += length;
    } while (at < end);
  }

  #writeDescription(): void {
    this.#put(literalCount - 257, 5);
    this.#put(distanceCount - 1, 5);
    this.#put(precodeCount - 4, 4);
    for (let i = 0; i < precodeCount; i++) this.#put(precodeLengths[PRECODE_ORDER[i]!]!, 3);
    assignCodes(precodeLengths, PRECODE_SYMBOL_COUNT, precodeCodes);
    for (let i = 0; i < runCount; i++) {
      const symbol = runs[i]! & 31;
      this.#put(precodeCodes[symbol]!, precodeLengths[symbol]!);
      if (symbol >= 16) this.#put(runs[i]! >> 5, PRECODE_EXTRA_BITS[symbol - 16]!);
    }
  }

  #writeTokens(
    tokens: Int32Array,
    first: number,
    last: number,
    literalLengths: Uint8Array,
    distanceLengths: Uint8Array,
  ): void {
    assignCodes(literalLengths, literalLengths.length, literalCodes);
    assignCodes(distanceLengths, distanceLengths.length, distanceCodes);
    const view = target.view;
    let out = this.#out;
    let pending = this.#pending;
    let pendingCount = this.#pendingCount;
    for (let i = first; i < last; i++) {
      const token = tokens[i]!;
      if (token >= 0) {
        pending |= literalCodes[token]! << pendingCount;
        pendingCount += literalLengths[token]!;
      } else {
        const length = tokenLength(token);
        const lengthSymbol = LENGTH_SYMBOLS[length]!;
        pending |= literalCodes[lengthSymbol]! << pendingCount;
        pendingCount += literalLengths[lengthSymbol]!;
        pending |= (length - LENGTH_BASES[lengthSymbol]!) << pendingCount;
        pendingCount += LENGTH_EXTRA_BITS[lengthSymbol]!;
        view.setUint32(out, pending, true);
        out += pendingCount >>> 3;
        pending >>>= pendingCount & 24;
        pendingCount &= 7;

        // At most 7 + 15 + 10 bits: a distance of a 12-bit window has no more extra bits.
        const distance = tokenDistance(token);
        const distanceSymbol = DISTANCE_SYMBOLS[distance]!;
        pending |= distanceCodes[distanceSymbol]! << pendingCount;
        pendingCount += distanceLengths[distanceSymbol]!;
        pending |= (distance - DISTANCE_BASES[distanceSymbol]!) << pendingCount;
        pendingCount += DISTANCE_EXTRA_BITS[distanceSymbol]!;
      }
      view.setUint32(out, pending, true);
      out += pendingCount >>> 3;
      pending = pendingCount === 32 ? 0 : pending >>> (pendingCount & 24);
      pendingCount &= 7;
    }
    this.#out = out;
    this.#pending = pending;
    this.#pendingCount = pendingCount;
    this.#put(literalCodes[END_OF_BLOCK]!, literalLengths[END_OF_BLOCK]!);
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
const PRECODE_SYMBOL_COUNT = 19;
const PRECODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const PRECODE_EXTRA_BITS = [2, 3, 7];
const FIXED_LITERAL_LENGTHS = Uint8Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
const FIXED_DISTANCE_LENGTHS = new Uint8Array(30).fill(5);

const target = new Scratch();
const literalFrequencies = new Uint32Array(LITERAL_SYMBOL_COUNT);
const distanceFrequencies = new Uint32Array(DISTANCE_SYMBOL_COUNT);
const literalLengths = new Uint8Array(LITERAL_SYMBOL_COUNT);
const distanceLengths = new Uint8Array(DISTANCE_SYMBOL_COUNT);
// The fixed code has two symbols more than may be used.
const literalCodes = new Uint16Array(288);
const distanceCodes = new Uint16Array(DISTANCE_SYMBOL_COUNT);

// The description of the two codes: how many lengths of each, and the lengths as runs in the precode's alphabet.
const precodeFrequencies = new Uint32Array(PRECODE_SYMBOL_COUNT);
const precodeLengths = new Uint8Array(PRECODE_SYMBOL_COUNT);
const precodeCodes = new Uint16Array(PRECODE_SYMBOL_COUNT);
const allLengths = new Uint8Array(LITERAL_SYMBOL_COUNT + DISTANCE_SYMBOL_COUNT);
/** A precode symbol, and from bit 5 on the value of its extra bits. */
const runs = new Uint16Array(LITERAL_SYMBOL_COUNT + DISTANCE_SYMBOL_COUNT);
let runCount = 0;
let literalCount = 0;
let distanceCount = 0;
let precodeCount = 0;
let descriptionBits = 0;

function describeCodes(): void {
  literalCount = LITERAL_SYMBOL_COUNT;
  while (literalLengths[literalCount - 1] === 0) literalCount--;
  distanceCount = DISTANCE_SYMBOL_COUNT;
  while (distanceCount > 1 && distanceLengths[distanceCount - 1] === 0) distanceCount--;
  literalCount = Math.max(literalCount, 257);
  allLengths.set(literalLengths.subarray(0, literalCount));
  allLengths.set(distanceLengths.subarray(0, distanceCount), literalCount);

  precodeFrequencies.fill(0);
  runCount = 0;
  const total = literalCount + distanceCount;
  for (let i = 0; i < total;) {
    const length = allLengths[i]!;
    let end = i + 1;
    while (end < total && allLengths[end] === length) end++;
    if (length === 0) i = addZeroRuns(i, end);
    else {
      addRun(length, 0);
      i++;
      for (; end - i >= 3; i += Math.min(end - i, 6)) addRun(16, Math.min(end - i, 6) - 3);
    }
    for (; i < end; i++) addRun(length, 0);
  }

  codeLengths(precodeFrequencies, PRECODE_SYMBOL_COUNT, 7, precodeLengths);
  completeSingleCode(precodeLengths);
  precodeCount = PRECODE_SYMBOL_COUNT;
  while (precodeCount > 4 && precodeLengths[PRECODE_ORDER[precodeCount - 1]!] === 0) precodeCount--;
  descriptionBits = 14 + precodeCount * 3 + 2 * precodeFrequencies[16]! + 3 * precodeFrequencies[17]!;
  descriptionBits += 7 * precodeFrequencies[18]!;
  for (let symbol = 0; symbol < PRECODE_SYMBOL_COUNT; symbol++)
    descriptionBits += precodeFrequencies[symbol]! * precodeLengths[symbol]!;
}

function addZeroRuns(from: number, end: number): number {
  let i = from;
  for (; end - i >= 11; i += Math.min(end - i, 138)) addRun(18, Math.min(end - i, 138) - 11);
  if (end - i >= 3) {
    addRun(17, end - i - 3);
    i = end;
  }
  return i;
}

function addRun(symbol: number, extra: number): void {
  runs[runCount++] = symbol | (extra << 5);
  precodeFrequencies[symbol]!++;
}

/** Readers want the code of code lengths to be complete, so a lone symbol gets a companion that is never used. */
function completeSingleCode(lengths: Uint8Array): void {
  let used = 0;
  for (const length of lengths) if (length !== 0) used++;
  if (used === 1) lengths[lengths[0] === 0 ? 0 : 1] = 1;
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

const lengthCounts = new Uint16Array(16);
const nextCodes = new Uint16Array(16);

/** The canonical code of the given lengths, each code bit-reversed as deflate writes it. */
function assignCodes(lengths: Uint8Array, count: number, codes: Uint16Array): void {
  lengthCounts.fill(0);
  for (let symbol = 0; symbol < count; symbol++) lengthCounts[lengths[symbol]!]!++;
  let code = 0;
  lengthCounts[0] = 0;
  for (let length = 1; length <= 15; length++) {
    code = (code + lengthCounts[length - 1]!) << 1;
    nextCodes[length] = code;
  }
  for (let symbol = 0; symbol < count; symbol++) {
    const length = lengths[symbol]!;
    if (length !== 0) codes[symbol] = reverse16(nextCodes[length]!++) >>> (16 - length);
  }
}

function reverse16(value: number): number {
  let bits = ((value >>> 1) & 0x5555) | ((value & 0x5555) << 1);
  bits = ((bits >>> 2) & 0x3333) | ((bits & 0x3333) << 2);
  bits = ((bits >>> 4) & 0x0f0f) | ((bits & 0x0f0f) << 4);
  return ((bits >>> 8) | (bits << 8)) & 0xffff;
}
