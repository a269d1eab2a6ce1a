import { source } from '../scratch.ts';
import { corrupt } from './corrupt.ts';
import { backwardStreamStart, readDistribution, spreadStates, stateBases, stateBits, stateSymbols } from './fse.ts';

const BITS_MAX = 11;

/** The Huffman code of literals: the next `tableBits` bits of a stream index `entries`: symbol, and code length above it. */
const entries = new Uint16Array(1 << BITS_MAX);
let tableBits = 0;

/** Each frame starts without a code. */
export function forgetHuffmanTable(): void {
  tableBits = 0;
}

export function hasHuffmanTable(): boolean {
  return tableBits > 0;
}

const weights = new Uint8Array(256);
const rankStarts = new Uint32Array(BITS_MAX + 2);

/** Reads the description of a Huffman code (RFC 8878, 4.2.1) at `at`; returns where it ends. */
export function readHuffmanTable(at: number, end: number): number {
  if (at >= end) throw corrupt('a Huffman description is truncated');
  const header = source.view.getUint8(at);
  const isDirect = header >= 128;
  const descriptionEnd = at + 1 + (isDirect ? (header - 127 + 1) >> 1 : header);
  if (descriptionEnd > end) throw corrupt('a Huffman description is truncated');
  const count = isDirect ? readDirectWeights(at + 1, header - 127) : readCompressedWeights(at + 1, descriptionEnd);

  rankStarts.fill(0);
  let total = 0;
  for (let symbol = 0; symbol < count; symbol++) {
    const weight = weights[symbol]!;
    if (weight > BITS_MAX) throw corrupt('a Huffman weight is too high');
    rankStarts[weight]!++;
    if (weight > 0) total += 1 << (weight - 1);
  }
  if (total === 0) throw corrupt('a Huffman code without symbols');
  // The last weight is not stored: it completes the sum to a power of two.
  const bits = 32 - Math.clz32(total);
  const rest = (1 << bits) - total;
  if (bits > BITS_MAX || (rest & (rest - 1)) !== 0) throw corrupt('Huffman weights do not add up');
  const lastWeight = 32 - Math.clz32(rest);
  weights[count] = lastWeight;
  rankStarts[lastWeight]!++;
  if (rankStarts[1]! < 2 || (rankStarts[1]! & 1) !== 0) throw corrupt('Huffman weights do not add up');

  let start = 0;
  for (let weight = 1; weight <= bits; weight++) {
    const size = rankStarts[weight]! << (weight - 1);
    rankStarts[weight] = start;
    start += size;
  }
  for (let symbol = 0; symbol <= count; symbol++) {
    const weight = weights[symbol]!;
    if (weight === 0) continue;
    const from = rankStarts[weight]!;
    const to = from + (1 << (weight - 1));
    rankStarts[weight] = to;
    const entry = symbol | ((bits + 1 - weight) << 8);
    if (to - from < 16) for (let i = from; i < to; i++) entries[i] = entry;
    else entries.fill(entry, from, to);
  }
  tableBits = bits;
  return descriptionEnd;
}

function readDirectWeights(at: number, count: number): number {
  for (let symbol = 0; symbol < count; symbol++) {
    const pair = source.view.getUint8(at + (symbol >> 1));
    weights[symbol] = (symbol & 1) === 0 ? pair >> 4 : pair & 15;
  }
  return count;
}

const WEIGHT_ACCURACY_MAX = 6;

/** Two interleaved FSE states that take turns until the bits run out (RFC 8878, 4.2.1.2). */
function readCompressedWeights(at: number, end: number): number {
  const distribution = readDistribution(at, end, BITS_MAX + 2, WEIGHT_ACCURACY_MAX);
  const accuracy = distribution.accuracy;
  spreadStates(distribution.counts, distribution.symbolCount, accuracy);
  const start = distribution.end * 8;
  let bit = backwardStreamStart(distribution.end, end);
  const read = (count: number): number => {
    bit -= count;
    return (source.view.getUint16(bit >> 3, true) >>> (bit & 7)) & ((1 << count) - 1);
  };
  let state = read(accuracy);
  let other = read(accuracy);
  if (bit < start) throw corrupt('Huffman weights are truncated');
  let count = 0;
  for (;;) {
    if (count > 253) throw corrupt('too many Huffman weights');
    weights[count++] = stateSymbols[state]!;
    const bits = stateBits[state]!;
    if (bit - bits < start) {
      // This state cannot go on; the other one's symbol is the last.
      weights[count++] = stateSymbols[other]!;
      return count;
    }
    const successor = stateBases[state]! + read(bits);
    state = other;
    other = successor;
  }
}

/** Decodes one stream of exactly `count` literals from [at, end) of the source to `out` in it. */
export function decodeHuffmanStream(at: number, end: number, out: number, count: number): void {
  const bit = decodeRest(at, backwardStreamStart(at, end), out, out + count);
  if (bit !== at * 8) throw corrupt('a Huffman stream does not end where it should');
}

/** Where each of four streams starts, and the last one ends; and the bit below which its next code is. */
const borders = new Int32Array(5);
const positions = new Int32Array(4);

/** Decodes four streams that follow one another. */
export function decodeHuffmanStreams(at: number, end: number, out: number, count: number): void {
  if (at + 6 > end || count < 6) throw corrupt('Huffman streams are truncated');
  borders[0] = at + 6;
  for (let i = 0; i < 3; i++) borders[i + 1] = borders[i]! + source.view.getUint16(at + i * 2, true);
  borders[4] = end;
  if (borders[3]! > end) throw corrupt('Huffman streams are truncated');
  for (let i = 0; i < 4; i++) positions[i] = backwardStreamStart(borders[i]!, borders[i + 1]!);

  const segment = (count + 3) >> 2;
  const done = decodeAbreast(at * 8, out, segment, count - 3 * segment);
  for (let i = 0; i < 4; i++) {
    const from = out + i * segment;
    const bit = decodeRest(borders[i]!, positions[i]!, from + done, Math.min(from + segment, out + count));
    if (bit !== borders[i]! * 8) throw corrupt('a Huffman stream does not end where it should');
  }
}

/** Few enough that the code around the inner loop is known when V8 compiles it, which it does within the first block. */
const TURNS_MAX = 64;

/**
 * Decodes the four streams side by side, as their look-ups do not wait for one another, as long as none can come below
 * `limit`: a damaged one goes on in the bits of the one before. Returns how many literals of each it decoded, at most `countMax`.
 */
function decodeAbreast(limit: number, out: number, segment: number, countMax: number): number {
  const input = source.view;
  const bytes = source.bytes;
  const shift = 32 - tableBits;
  const out2 = out + segment;
  const out3 = out2 + segment;
  const out4 = out3 + segment;
  for (let done = 0; ;) {
    let bit1 = positions[0]!;
    let bit2 = positions[1]!;
    let bit3 = positions[2]!;
    let bit4 = positions[3]!;
    const bitsLeft = Math.min(bit1, bit2, bit3, bit4) - limit;
    const turns = Math.min(TURNS_MAX, (countMax - done) >> 1, Math.floor(bitsLeft / (2 * BITS_MAX)));
    if (turns < 4) return done;
    // The 32-bit word whose top byte holds the next bit has 24 bits to come: two codes.
    for (const end = done + 2 * turns; done < end; done += 2) {
      let word1 = input.getUint32((bit1 >> 3) - 3, true) << (8 - (bit1 & 7));
      let word2 = input.getUint32((bit2 >> 3) - 3, true) << (8 - (bit2 & 7));
      let word3 = input.getUint32((bit3 >> 3) - 3, true) << (8 - (bit3 & 7));
      let word4 = input.getUint32((bit4 >> 3) - 3, true) << (8 - (bit4 & 7));
      let entry1 = entries[word1 >>> shift]!;
      let entry2 = entries[word2 >>> shift]!;
      let entry3 = entries[word3 >>> shift]!;
      let entry4 = entries[word4 >>> shift]!;
      bytes[out + done] = entry1;
      bytes[out2 + done] = entry2;
      bytes[out3 + done] = entry3;
      bytes[out4 + done] = entry4;
      word1 <<= entry1 >>> 8;
      word2 <<= entry2 >>> 8;
      word3 <<= entry3 >>> 8;
      word4 <<= entry4 >>> 8;
      bit1 -= entry1 >>> 8;
      bit2 -= entry2 >>> 8;
      bit3 -= entry3 >>> 8;
      bit4 -= entry4 >>> 8;
      entry1 = entries[word1 >>> shift]!;
      entry2 = entries[word2 >>> shift]!;
      entry3 = entries[word3 >>> shift]!;
      entry4 = entries[word4 >>> shift]!;
      bytes[out + done + 1] = entry1;
      bytes[out2 + done + 1] = entry2;
      bytes[out3 + done + 1] = entry3;
      bytes[out4 + done + 1] = entry4;
      bit1 -= entry1 >>> 8;
      bit2 -= entry2 >>> 8;
      bit3 -= entry3 >>> 8;
      bit4 -= entry4 >>> 8;
    }
    positions[0] = bit1;
    positions[1] = bit2;
    positions[2] = bit3;
    positions[3] = bit4;
  }
}

/** Decodes code by code down to the stream's start at most; returns the bit position it came to. */
function decodeRest(start: number, bit: number, out: number, outEnd: number): number {
  const { bytes, view } = source;
  const shift = 32 - tableBits;
  while (out < outEnd && bit >= start * 8) {
    const entry = entries[(view.getUint32((bit >> 3) - 3, true) << (8 - (bit & 7))) >>> shift]!;
    bytes[out++] = entry;
    bit -= entry >>> 8;
  }
  return bit;
}
