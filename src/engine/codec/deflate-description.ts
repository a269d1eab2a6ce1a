import type { BitWriter } from './bit-writer.ts';
import { assignCodes } from './canonical-code.ts';
import { DISTANCE_SYMBOL_COUNT, LITERAL_SYMBOL_COUNT, PRECODE_EXTRA_BITS, PRECODE_ORDER } from './deflate-symbols.ts';
import { codeLengths } from './prefix-code.ts';

/**
 * Prepares the description of a dynamic block's two codes (RFC 1951, 3.2.7), and returns how many bits it takes: how many
 * lengths there are of each, and the lengths as runs in the alphabet of the precode.
 */
export function describeCodes(literalLengths: Uint8Array, distanceLengths: Uint8Array): number {
  literalCount = LITERAL_SYMBOL_COUNT;
  while (literalLengths[literalCount - 1] === 0) literalCount--;
  distanceCount = DISTANCE_SYMBOL_COUNT;
  while (distanceCount > 1 && distanceLengths[distanceCount - 1] === 0) distanceCount--;
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
  let bits = 14 + precodeCount * 3;
  for (let symbol = 0; symbol < PRECODE_SYMBOL_COUNT; symbol++)
    bits += precodeFrequencies[symbol]! * (precodeLengths[symbol]! + PRECODE_EXTRA_BITS[symbol]!);
  return bits;
}

/** Writes what `describeCodes` has prepared. */
export function writeDescription(writer: BitWriter): void {
  writer.put(literalCount - 257, 5);
  writer.put(distanceCount - 1, 5);
  writer.put(precodeCount - 4, 4);
  for (let i = 0; i < precodeCount; i++) writer.put(precodeLengths[PRECODE_ORDER[i]!]!, 3);
  assignCodes(precodeLengths, PRECODE_SYMBOL_COUNT, precodeCodes);
  for (let i = 0; i < runCount; i++) {
    const symbol = runs[i]! & 31;
    writer.put(precodeCodes[symbol]!, precodeLengths[symbol]!);
    writer.put(runs[i]! >> 5, PRECODE_EXTRA_BITS[symbol]!);
  }
}

const PRECODE_SYMBOL_COUNT = PRECODE_ORDER.length;
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
