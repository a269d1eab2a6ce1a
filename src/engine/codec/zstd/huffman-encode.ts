import { BitWriter } from '../bit-writer.ts';
import { codeLengths } from '../prefix-code.ts';
import { target } from '../scratch.ts';
import { emptyEncodingTable, fillEncodingTable, normalize, StateEncoder, writeDistribution } from './fse-encode.ts';

const BITS_MAX = 11;
const WEIGHT_ACCURACY = 6;

const frequencies = new Uint32Array(256);
const lengths = new Uint8Array(256);
const codes = new Uint16Array(256);
const weights = new Uint8Array(256);
const weightFrequencies = new Uint32Array(BITS_MAX + 1);
const weightTable = emptyEncodingTable(BITS_MAX + 1, WEIGHT_ACCURACY);

/** Below this, a single stream is smaller; from here on, four streams make decoding faster. */
const FOUR_STREAMS_MIN = 256;

/**
 * Writes a literals section (RFC 8878, 3.1.1.3.1) at `at`: stored, a run of one byte, or with a Huffman code, whichever is
 * smallest. Returns where it ends.
 */
export function writeLiterals(at: number, literals: Uint8Array, count: number): number {
  frequencies.fill(0);
  for (let i = 0; i < count; i++) frequencies[literals[i]!]!++;
  if (count > 3 && frequencies[literals[0]!] === count) {
    const end = writeStoredHeader(at, 1, count);
    target.bytes[end] = literals[0]!;
    return end + 1;
  }
  const storedEnd = at + (count < 32 ? 1 : count < 4096 ? 2 : 3) + count;
  if (count >= 64) {
    const end = writeHuffman(at, literals, count, storedEnd);
    if (end !== null) return end;
  }
  const start = writeStoredHeader(at, 0, count);
  target.bytes.set(literals.subarray(0, count), start);
  return storedEnd;
}

function writeStoredHeader(at: number, type: number, count: number): number {
  if (count < 32) {
    target.bytes[at] = type | (count << 3);
    return at + 1;
  }
  if (count < 4096) {
    target.view.setUint16(at, type | (1 << 2) | (count << 4), true);
    return at + 2;
  }
  target.view.setUint32(at, type | (3 << 2) | (count << 4), true);
  return at + 3;
}

/** Null when the result would not end before `endMax`. */
function writeHuffman(at: number, literals: Uint8Array, count: number, endMax: number): number | null {
  codeLengths(frequencies, 256, BITS_MAX, lengths);
  let bits = 0;
  for (let symbol = 0; symbol < 256; symbol++) bits += frequencies[symbol]! * lengths[symbol]!;
  const isSingle = count < FOUR_STREAMS_MIN;
  const format = isSingle ? 0 : count < 1024 ? 1 : count < 16384 ? 2 : 3;
  const headerLength = format < 2 ? 3 : format + 2;
  if (at + headerLength + (bits >> 3) >= endMax) return null;

  const start = at + headerLength;
  let end = writeHuffmanTable(start);
  if (end === null || end + (bits >> 3) + 8 >= endMax) return null;
  if (isSingle) end = writeStream(end, literals, 0, count);
  else {
    const jumps = end;
    const segment = (count + 3) >> 2;
    end = jumps + 6;
    for (let stream = 0; stream < 4; stream++) {
      const streamEnd = writeStream(end, literals, stream * segment, Math.min((stream + 1) * segment, count));
      if (stream < 3) target.view.setUint16(jumps + stream * 2, streamEnd - end, true);
      end = streamEnd;
    }
  }
  if (end >= endMax) return null;

  const header = new BitWriter(at);
  const first = target.view.getUint32(start, true);
  header.put(2 | (format << 2), 4);
  const sizeBits = format < 2 ? 10 : format === 2 ? 14 : 18;
  header.put(count, sizeBits);
  header.put(end - start, sizeBits);
  // The header's last word reached into the table.
  target.view.setUint32(start, first, true);
  return end;
}

/** Assigns the code for `lengths` and writes its description; null when the format cannot describe it. */
function writeHuffmanTable(at: number): number | null {
  let bitsUsed = 0;
  let last = 0;
  for (let symbol = 0; symbol < 256; symbol++) {
    if (lengths[symbol] === 0) continue;
    last = symbol;
    bitsUsed = Math.max(bitsUsed, lengths[symbol]!);
  }
  let position = 0;
  for (let length = bitsUsed; length > 0; length--) {
    for (let symbol = 0; symbol <= last; symbol++) {
      if (lengths[symbol] !== length) continue;
      codes[symbol] = position >> (bitsUsed - length);
      position += 1 << (bitsUsed - length);
    }
  }
  // The last symbol's weight follows from the others.
  for (let symbol = 0; symbol < last; symbol++)
    weights[symbol] = lengths[symbol] === 0 ? 0 : bitsUsed + 1 - lengths[symbol]!;
  const compressedEnd = writeCompressedWeights(at + 1, last);
  const directLength = (last + 1) >> 1;
  if (compressedEnd !== null && (last > 128 || compressedEnd - at - 1 < directLength)) {
    if (compressedEnd - at - 1 > 127) return null;
    target.bytes[at] = compressedEnd - at - 1;
    return compressedEnd;
  }
  if (last > 128) return null;
  target.bytes[at] = 127 + last;
  weights[last] = 0;
  for (let symbol = 0; symbol < last; symbol += 2)
    target.bytes[at + 1 + (symbol >> 1)] = (weights[symbol]! << 4) | weights[symbol + 1]!;
  return at + 1 + directLength;
}

function writeCompressedWeights(at: number, count: number): number | null {
  weightFrequencies.fill(0);
  for (let symbol = 0; symbol < count; symbol++) weightFrequencies[weights[symbol]!]!++;
  let symbolCount = BITS_MAX + 1;
  while (symbolCount > 0 && weightFrequencies[symbolCount - 1] === 0) symbolCount--;
  // A single weight for all would need no bits, and then their number could not be told.
  if (count < 2 || weightFrequencies[symbolCount - 1] === count) return null;

  weightTable.symbolCount = symbolCount;
  weightTable.accuracy = count > 64 ? WEIGHT_ACCURACY : 5;
  normalize(weightFrequencies, symbolCount, count, weightTable.accuracy, weightTable.counts);
  fillEncodingTable(weightTable);
  const writer = new BitWriter(at);
  writeDistribution(writer, weightTable.counts, symbolCount, weightTable.accuracy);
  // Two states take turns; the decoder begins with the first one.
  const states = [0, 1].map((turn) => {
    const lastOfTurn = count - 1 - ((count - 1 - turn) & 1);
    return new StateEncoder(weightTable, weights[lastOfTurn]!);
  });
  for (let symbol = count - 3; symbol >= 0; symbol--) states[symbol & 1]!.encode(writer, weights[symbol]!);
  states[1]!.finish(writer);
  states[0]!.finish(writer);
  writer.put(1, 1);
  writer.align();
  return writer.at;
}

/** Writes the literals [from, to) as one backward stream, which the decoder reads from its end. */
function writeStream(at: number, literals: Uint8Array, from: number, to: number): number {
  const view = target.view;
  let out = at;
  let pending = 0;
  let pendingCount = 0;
  let i = to - 1;
  // Two codes a word: 7 + 2 * 11 bits.
  for (; i > from; i -= 2) {
    const first = literals[i]!;
    const second = literals[i - 1]!;
    pending |= codes[first]! << pendingCount;
    pendingCount += lengths[first]!;
    pending |= codes[second]! << pendingCount;
    pendingCount += lengths[second]!;
    view.setUint32(out, pending, true);
    out += pendingCount >>> 3;
    pending >>>= pendingCount & 24;
    pendingCount &= 7;
  }
  if (i === from) {
    pending |= codes[literals[i]!]! << pendingCount;
    pendingCount += lengths[literals[i]!]!;
  }
  pending |= 1 << pendingCount;
  view.setUint32(out, pending, true);
  return out + (pendingCount >>> 3) + 1;
}
