import { BitWriter } from '../bit-writer.ts';
import { target } from '../scratch.ts';
import { BLOCK_SIZE_MAX, type CodeAlphabet, LITERAL_LENGTHS, MATCH_LENGTHS, OFFSETS } from './codes.ts';
import type { Sequences } from './find-sequences.ts';
import {
  chooseAccuracy,
  emptyEncodingTable,
  type EncodingTable,
  fillEncodingTable,
  normalize,
  StateEncoder,
  writeDistribution,
} from './fse-encode.ts';

/** One of the three code streams of a block and the tables to choose from. */
class CodeStream {
  readonly alphabet: CodeAlphabet;
  readonly codes = new Uint8Array(BLOCK_SIZE_MAX / 4 + 1);
  readonly #frequencies: Uint32Array;
  readonly #predefined: EncodingTable;
  readonly #own: EncodingTable;
  #table: EncodingTable;

  constructor(alphabet: CodeAlphabet) {
    this.alphabet = alphabet;
    const symbolCount = alphabet.base.length;
    this.#frequencies = new Uint32Array(symbolCount);
    this.#predefined = emptyEncodingTable(symbolCount, alphabet.predefinedAccuracy);
    this.#predefined.counts.set(alphabet.predefined);
    this.#predefined.symbolCount = alphabet.predefined.length;
    this.#predefined.accuracy = alphabet.predefinedAccuracy;
    fillEncodingTable(this.#predefined);
    this.#own = emptyEncodingTable(symbolCount, alphabet.accuracyMax);
    this.#table = this.#predefined;
  }

  /** Chooses the cheapest table for the first `count` codes and writes its description; returns its mode. */
  chooseTable(writer: BitWriter, count: number): number {
    const frequencies = this.#frequencies.fill(0);
    for (let i = 0; i < count; i++) frequencies[this.codes[i]!]!++;
    let symbolCount = frequencies.length;
    while (frequencies[symbolCount - 1] === 0) symbolCount--;
    if (frequencies[symbolCount - 1] === count) {
      const own = this.#own;
      own.counts.fill(0);
      own.counts[symbolCount - 1] = 1;
      own.symbolCount = symbolCount;
      own.accuracy = 0;
      own.states[0] = 1;
      own.starts[symbolCount - 1] = 0;
      own.bitDeltas[symbolCount - 1] = -1;
      this.#table = own;
      writer.put(symbolCount - 1, 8);
      return 1;
    }
    const own = this.#own;
    own.symbolCount = symbolCount;
    own.accuracy = chooseAccuracy(count, symbolCount, this.alphabet.accuracyMax);
    normalize(frequencies, symbolCount, count, own.accuracy, own.counts);
    const mark = { at: writer.at, pending: writer.pending, pendingCount: writer.pendingCount };
    writeDistribution(writer, own.counts, symbolCount, own.accuracy);
    const ownBits = (writer.at - mark.at) * 8 + tableBits(own, frequencies);
    if (ownBits < tableBits(this.#predefined, frequencies)) {
      fillEncodingTable(own);
      this.#table = own;
      return 2;
    }
    Object.assign(writer, mark);
    this.#table = this.#predefined;
    return 0;
  }

  startState(lastCode: number): StateEncoder {
    return new StateEncoder(this.#table, lastCode);
  }
}

/** How many bits the states of a table take for so many symbols; infinite when it lacks one that occurs. */
function tableBits(table: EncodingTable, frequencies: Uint32Array): number {
  let bits = 0;
  for (let symbol = 0; symbol < frequencies.length; symbol++) {
    if (frequencies[symbol] === 0) continue;
    const count = symbol < table.symbolCount ? Math.abs(table.counts[symbol]!) : 0;
    if (count === 0) return Infinity;
    bits += frequencies[symbol]! * (table.accuracy - Math.log2(count));
  }
  return bits;
}

const literalLengths = new CodeStream(LITERAL_LENGTHS);
const offsets = new CodeStream(OFFSETS);
const matchLengths = new CodeStream(MATCH_LENGTHS);

/** Codes of small values; those of larger ones follow from their highest bit. */
function smallCodes(alphabet: CodeAlphabet, length: number): Uint8Array {
  const codes = new Uint8Array(length);
  alphabet.base.forEach((base, code) => codes.fill(code, base - alphabet.base[0]!));
  return codes;
}
const smallLiteralCodes = smallCodes(LITERAL_LENGTHS, 64);
const smallMatchCodes = smallCodes(MATCH_LENGTHS, 128);

function literalLengthCode(length: number): number {
  return length < 64 ? smallLiteralCodes[length]! : 31 - Math.clz32(length) + 19;
}

function matchLengthCode(length: number): number {
  return length < 131 ? smallMatchCodes[length - 3]! : 31 - Math.clz32(length - 3) + 36;
}

/** Writes the sequences section (RFC 8878, 3.1.1.3.2) at `at` and returns where it ends. */
export function writeSequences(at: number, sequences: Sequences): number {
  const { count } = sequences;
  const writer = new BitWriter(at);
  if (count < 128) writer.put(count, 8);
  else if (count < 0x7f00) {
    writer.put((count >> 8) + 128, 8);
    writer.put(count & 255, 8);
  } else {
    writer.put(255, 8);
    writer.put(count - 0x7f00, 16);
  }
  if (count === 0) return writer.at;

  for (let i = 0; i < count; i++) {
    literalLengths.codes[i] = literalLengthCode(sequences.literalLengths[i]!);
    offsets.codes[i] = 31 - Math.clz32(sequences.offsetValues[i]!);
    matchLengths.codes[i] = matchLengthCode(sequences.matchLengths[i]!);
  }
  const modesAt = writer.at;
  writer.put(0, 8);
  const literalLengthMode = literalLengths.chooseTable(writer, count);
  const offsetMode = offsets.chooseTable(writer, count);
  const matchLengthMode = matchLengths.chooseTable(writer, count);
  target.bytes[modesAt] = (literalLengthMode << 6) | (offsetMode << 4) | (matchLengthMode << 2);
  writeStream(writer, sequences);
  return writer.at;
}

/** The decoder reads this backwards, so everything is in the reverse of its order, and the last sequence first. */
function writeStream(writer: BitWriter, sequences: Sequences): void {
  const last = sequences.count - 1;
  const literalLengthState = literalLengths.startState(literalLengths.codes[last]!);
  const offsetState = offsets.startState(offsets.codes[last]!);
  const matchLengthState = matchLengths.startState(matchLengths.codes[last]!);
  for (let i = last; i >= 0; i--) {
    const literalLengthCode = literalLengths.codes[i]!;
    const offsetCode = offsets.codes[i]!;
    const matchLengthCode = matchLengths.codes[i]!;
    if (i !== last) {
      offsetState.encode(writer, offsetCode);
      matchLengthState.encode(writer, matchLengthCode);
      literalLengthState.encode(writer, literalLengthCode);
    }
    const literalLength = sequences.literalLengths[i]! - LITERAL_LENGTHS.base[literalLengthCode]!;
    writer.put(literalLength, LITERAL_LENGTHS.extraBits[literalLengthCode]!);
    const matchLength = sequences.matchLengths[i]! - MATCH_LENGTHS.base[matchLengthCode]!;
    writer.put(matchLength, MATCH_LENGTHS.extraBits[matchLengthCode]!);
    writer.put(sequences.offsetValues[i]! - (1 << offsetCode), offsetCode);
  }
  matchLengthState.finish(writer);
  offsetState.finish(writer);
  literalLengthState.finish(writer);
  writer.put(1, 1);
  writer.align();
}
