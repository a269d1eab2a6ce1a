import { source } from '../scratch.ts';
import { corrupt } from './corrupt.ts';

/** A normalized distribution as a block describes it: counts add up to 1 << accuracy, -1 is "less than one". */
export interface Distribution {
  readonly counts: Int16Array;
  readonly symbolCount: number;
  readonly accuracy: number;
  /** Where the description ended. */
  readonly end: number;
}

const countsRead = new Int16Array(256);

/** Reads a distribution (RFC 8878, 4.1.1) from `at`; the counts are valid until the next call. */
export function readDistribution(at: number, end: number, symbolCountMax: number, accuracyMax: number): Distribution {
  let bit = at * 8;
  const bitEnd = end * 8;
  const peek = (): number => source.view.getUint32(bit >>> 3, true) >>> (bit & 7);

  const accuracy = (peek() & 15) + 5;
  bit += 4;
  if (accuracy > accuracyMax) throw corrupt('accuracy of a distribution is too high');
  countsRead.fill(0);
  let remaining = (1 << accuracy) + 1;
  let threshold = 1 << accuracy;
  let width = accuracy + 1;
  let symbol = 0;
  while (remaining > 1) {
    if (bit > bitEnd) throw corrupt('a distribution is truncated');
    if (symbol >= symbolCountMax) throw corrupt('a distribution has too many symbols');
    // Values below `short` need one bit less.
    const short = 2 * threshold - 1 - remaining;
    const word = peek();
    let count = word & (threshold - 1);
    if (count < short) bit += width - 1;
    else {
      count = word & (2 * threshold - 1);
      if (count >= threshold) count -= short;
      bit += width;
    }
    count--;
    remaining -= Math.abs(count);
    countsRead[symbol++] = count;
    while (remaining < threshold) {
      width--;
      threshold >>= 1;
    }
    if (count !== 0) continue;
    let repeat = 3;
    while (repeat === 3) {
      if (bit > bitEnd) throw corrupt('a distribution is truncated');
      repeat = peek() & 3;
      bit += 2;
      symbol += repeat;
    }
  }
  if (remaining !== 1) throw corrupt('a distribution does not add up');
  if (symbol > symbolCountMax) throw corrupt('a distribution has too many symbols');
  if (bit > bitEnd) throw corrupt('a distribution is truncated');
  return { counts: countsRead, symbolCount: symbol, accuracy, end: (bit + 7) >>> 3 };
}

const STATE_COUNT_MAX = 512;
const next = new Uint16Array(256);

/** What `spreadStates` finds for each state: its symbol, how many bits to read on leaving it, what to add to them for the next. */
export const stateSymbols = new Uint8Array(STATE_COUNT_MAX);
export const stateBits = new Uint8Array(STATE_COUNT_MAX);
export const stateBases = new Uint16Array(STATE_COUNT_MAX);

/** Spreads the symbols over the 1 << accuracy states of a decoding table (RFC 8878, 4.1.1). */
export function spreadStates(counts: Int16Array, symbolCount: number, accuracy: number): void {
  const size = 1 << accuracy;
  let high = size;
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    next[symbol] = counts[symbol]!;
    if (counts[symbol] !== -1) continue;
    stateSymbols[--high] = symbol;
    next[symbol] = 1;
  }
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    for (let n = counts[symbol]!; n > 0; n--) {
      stateSymbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at >= high);
    }
  }
  for (let state = 0; state < size; state++) {
    const order = next[stateSymbols[state]!]!++;
    const bits = accuracy - (31 - Math.clz32(order));
    stateBits[state] = bits;
    stateBases[state] = (order << bits) - size;
  }
}

/**
 * The bit position of a backward stream: its last byte holds a final 1 bit that marks the end and is not data.
 * Positions count from the start of the memory; the next bits to read are the ones just below.
 */
export function backwardStreamStart(at: number, end: number): number {
  if (end <= at) throw corrupt('an empty bit stream');
  const last = source.view.getUint8(end - 1);
  if (last === 0) throw corrupt('a bit stream without end mark');
  return (end - 1) * 8 + (31 - Math.clz32(last));
}
