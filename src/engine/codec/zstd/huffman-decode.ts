import { corrupt } from './corrupt.ts';
import { backwardStreamStart, readDistribution, spreadStates } from './fse.ts';

const BITS_MAX = 11;

/** A Huffman code for literals: the next `bits` bits of a stream index `entries`: symbol, and code length above it. */
export interface HuffmanTable {
  readonly entries: Uint16Array;
  bits: number;
}

export function emptyHuffmanTable(): HuffmanTable {
  return { entries: new Uint16Array(1 << BITS_MAX), bits: 0 };
}

const weights = new Uint8Array(256);
const rankStarts = new Uint32Array(BITS_MAX + 2);

/** Reads the description of a Huffman code (RFC 8878, 4.2.1) at `at` into `table`; returns where it ends. */
export function readHuffmanTable(input: DataView, at: number, end: number, table: HuffmanTable): number {
  if (at >= end) throw corrupt('a Huffman description is truncated');
  const header = input.getUint8(at);
  const isDirect = header >= 128;
  const descriptionEnd = at + 1 + (isDirect ? (header - 127 + 1) >> 1 : header);
  if (descriptionEnd > end) throw corrupt('a Huffman description is truncated');
  const count = isDirect
    ? readDirectWeights(input, at + 1, header - 127)
    : readCompressedWeights(input, at + 1, descriptionEnd);

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
    if (to - from < 16) for (let i = from; i < to; i++) table.entries[i] = entry;
    else table.entries.fill(entry, from, to);
  }
  table.bits = bits;
  return descriptionEnd;
}

function readDirectWeights(input: DataView, at: number, count: number): number {
  for (let symbol = 0; symbol < count; symbol++) {
    const pair = input.getUint8(at + (symbol >> 1));
    weights[symbol] = (symbol & 1) === 0 ? pair >> 4 : pair & 15;
  }
  return count;
}

const WEIGHT_ACCURACY_MAX = 6;
const weightSymbols = new Uint8Array(1 << WEIGHT_ACCURACY_MAX);
const weightBits = new Uint8Array(1 << WEIGHT_ACCURACY_MAX);
const weightBases = new Uint8Array(1 << WEIGHT_ACCURACY_MAX);

/** Two interleaved FSE states that take turns until the bits run out (RFC 8878, 4.2.1.2). */
function readCompressedWeights(input: DataView, at: number, end: number): number {
  const distribution = readDistribution(input, at, end, BITS_MAX + 2, WEIGHT_ACCURACY_MAX);
  const accuracy = distribution.accuracy;
  spreadStates(distribution.counts, distribution.symbolCount, accuracy, weightSymbols, (state, _symbol, bits, base) => {
    weightBits[state] = bits;
    weightBases[state] = base;
  });
  const start = distribution.end * 8;
  let bit = backwardStreamStart(input, distribution.end, end);
  const read = (count: number): number => {
    bit -= count;
    return (input.getUint16(bit >> 3, true) >>> (bit & 7)) & ((1 << count) - 1);
  };
  let state = read(accuracy);
  let other = read(accuracy);
  if (bit < start) throw corrupt('Huffman weights are truncated');
  let count = 0;
  for (;;) {
    if (count > 253) throw corrupt('too many Huffman weights');
    weights[count++] = weightSymbols[state]!;
    const bits = weightBits[state]!;
    if (bit - bits < start) {
      // This state cannot go on; the other one's symbol is the last.
      weights[count++] = weightSymbols[other]!;
      return count;
    }
    const successor = weightBases[state]! + read(bits);
    state = other;
    other = successor;
  }
}

/** Decodes one stream of exactly `count` literals from [at, end) of the input. */
export function decodeHuffmanStream(
  input: DataView,
  at: number,
  end: number,
  table: HuffmanTable,
  into: Uint8Array,
  intoAt: number,
  count: number,
): void {
  const bit = decodeRest(input, at, backwardStreamStart(input, at, end), table, into, intoAt, intoAt + count);
  if (bit !== at * 8) throw corrupt('a Huffman stream does not end where it should');
}

/** Decodes four streams that follow one another, side by side: their look-ups do not wait for one another. */
export function decodeHuffmanStreams(
  input: DataView,
  at: number,
  end: number,
  table: HuffmanTable,
  into: Uint8Array,
  count: number,
): void {
  if (at + 6 > end || count < 6) throw corrupt('Huffman streams are truncated');
  const start1 = at + 6;
  const start2 = start1 + input.getUint16(at, true);
  const start3 = start2 + input.getUint16(at + 2, true);
  const start4 = start3 + input.getUint16(at + 4, true);
  if (start4 > end) throw corrupt('Huffman streams are truncated');
  let bit1 = backwardStreamStart(input, start1, start2);
  let bit2 = backwardStreamStart(input, start2, start3);
  let bit3 = backwardStreamStart(input, start3, start4);
  let bit4 = backwardStreamStart(input, start4, end);
  const segment = (count + 3) >> 2;
  const lastSegment = count - 3 * segment;
  const entries = table.entries;
  const shift = 32 - table.bits;
  const limit = at * 8;
  let out = 0;
  // The 32-bit word whose top byte holds the next bit has 24 bits to come: two codes. A damaged stream that runs
  // below its start goes on in the previous one's bits; below the first, the loop ends.
  while (out + 2 <= lastSegment && bit1 >= limit && bit2 >= limit && bit3 >= limit && bit4 >= limit) {
    let word1 = input.getUint32((bit1 >> 3) - 3, true) << (8 - (bit1 & 7));
    let word2 = input.getUint32((bit2 >> 3) - 3, true) << (8 - (bit2 & 7));
    let word3 = input.getUint32((bit3 >> 3) - 3, true) << (8 - (bit3 & 7));
    let word4 = input.getUint32((bit4 >> 3) - 3, true) << (8 - (bit4 & 7));
    let entry1 = entries[word1 >>> shift]!;
    let entry2 = entries[word2 >>> shift]!;
    let entry3 = entries[word3 >>> shift]!;
    let entry4 = entries[word4 >>> shift]!;
    into[out] = entry1;
    into[out + segment] = entry2;
    into[out + 2 * segment] = entry3;
    into[out + 3 * segment] = entry4;
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
    into[out + 1] = entry1;
    into[out + segment + 1] = entry2;
    into[out + 2 * segment + 1] = entry3;
    into[out + 3 * segment + 1] = entry4;
    bit1 -= entry1 >>> 8;
    bit2 -= entry2 >>> 8;
    bit3 -= entry3 >>> 8;
    bit4 -= entry4 >>> 8;
    out += 2;
  }
  bit1 = decodeRest(input, start1, bit1, table, into, out, segment);
  bit2 = decodeRest(input, start2, bit2, table, into, out + segment, 2 * segment);
  bit3 = decodeRest(input, start3, bit3, table, into, out + 2 * segment, 3 * segment);
  bit4 = decodeRest(input, start4, bit4, table, into, out + 3 * segment, count);
  if (bit1 !== start1 * 8 || bit2 !== start2 * 8 || bit3 !== start3 * 8 || bit4 !== start4 * 8)
    throw corrupt('a Huffman stream does not end where it should');
}

/** Decodes code by code down to the stream's start at most; returns the bit position it came to. */
function decodeRest(
  input: DataView,
  start: number,
  bit: number,
  table: HuffmanTable,
  into: Uint8Array,
  out: number,
  outEnd: number,
): number {
  const entries = table.entries;
  const shift = 32 - table.bits;
  while (out < outEnd && bit >= start * 8) {
    const entry = entries[(input.getUint32((bit >> 3) - 3, true) << (8 - (bit & 7))) >>> shift]!;
    into[out++] = entry;
    bit -= entry >>> 8;
  }
  return bit;
}
