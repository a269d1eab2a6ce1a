import type { BitWriter } from '../bit-writer.ts';
import { spreadStates, stateBases, stateBits, stateSymbols } from './fse.ts';

/** Encoder's side of an FSE table; `counts` is its normalized distribution. */
export interface EncodingTable {
  readonly counts: Int16Array;
  symbolCount: number;
  accuracy: number;
  /** The states of each symbol, in their order: those of symbol s start at `starts[s]`. */
  readonly states: Uint16Array;
  readonly starts: Uint16Array;
  /** Added to a state, gives how many bits leave it, in bits 16 and up. */
  readonly bitDeltas: Int32Array;
}

export function emptyEncodingTable(symbolCountMax: number, accuracyMax: number): EncodingTable {
  return {
    counts: new Int16Array(symbolCountMax),
    symbolCount: 0,
    accuracy: 0,
    states: new Uint16Array(1 << accuracyMax),
    starts: new Uint16Array(symbolCountMax),
    bitDeltas: new Int32Array(symbolCountMax),
  };
}

/** The best accuracy for so many symbols: more does not pay for its description. */
export function chooseAccuracy(total: number, symbolCount: number, accuracyMax: number): number {
  const enough = 31 - Math.clz32(Math.max(total - 1, 1)) - 2;
  const needed = Math.min(32 - Math.clz32(total), 33 - Math.clz32(symbolCount));
  return Math.max(5, Math.min(accuracyMax, Math.max(enough, needed)));
}

/** Scales frequencies to counts that add up to 1 << accuracy, none of those that occur below one. */
export function normalize(
  frequencies: Uint32Array,
  symbolCount: number,
  total: number,
  accuracy: number,
  counts: Int16Array,
): void {
  const size = 1 << accuracy;
  let rest = size;
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    const frequency = frequencies[symbol]!;
    const exact = (frequency * size) / total;
    const count = frequency === 0 ? 0 : exact < 0.75 ? -1 : Math.max(1, Math.round(exact));
    counts[symbol] = count;
    rest -= Math.abs(count);
  }
  // What rounding left over or took too much goes where it changes the proportion least.
  for (; rest !== 0; rest -= Math.sign(rest)) {
    let best = -1;
    let bestCost = Infinity;
    for (let symbol = 0; symbol < symbolCount; symbol++) {
      const count = counts[symbol]!;
      if (count < 1 || (rest < 0 && count === 1)) continue;
      const cost = frequencies[symbol]! * Math.log2(count / (count + Math.sign(rest)));
      if (cost >= bestCost) continue;
      bestCost = cost;
      best = symbol;
    }
    counts[best]! += Math.sign(rest);
  }
}

/** Completes a table whose counts, symbolCount and accuracy are set. */
export function fillEncodingTable(table: EncodingTable): void {
  const { counts, symbolCount, accuracy, states, starts, bitDeltas } = table;
  const size = 1 << accuracy;
  let start = 0;
  for (let symbol = 0; symbol < symbolCount; symbol++) {
    const count = Math.abs(counts[symbol]!);
    starts[symbol] = start;
    start += count;
    if (count === 0) continue;
    const bitsMax = count === 1 ? accuracy : accuracy - (31 - Math.clz32(count - 1));
    bitDeltas[symbol] = (bitsMax << 16) - (count << bitsMax);
  }
  spreadStates(counts, symbolCount, accuracy);
  for (let state = 0; state < size; state++) {
    const symbol = stateSymbols[state]!;
    const order = (stateBases[state]! + size) >> stateBits[state]!;
    states[starts[symbol]! + order - Math.abs(counts[symbol]!)] = size + state;
  }
}

/** One of the interleaved states of an FSE stream. Symbols are encoded last to first. */
export class StateEncoder {
  readonly #table: EncodingTable;
  #state: number;

  constructor(table: EncodingTable, lastSymbol: number) {
    this.#table = table;
    this.#state = table.states[table.starts[lastSymbol]!]!;
  }

  encode(writer: BitWriter, symbol: number): void {
    const { states, starts, bitDeltas, counts } = this.#table;
    const bits = (this.#state + bitDeltas[symbol]!) >> 16;
    writer.put(this.#state & ((1 << bits) - 1), bits);
    this.#state = states[starts[symbol]! + (this.#state >> bits) - Math.abs(counts[symbol]!)]!;
  }

  /** Writes the state itself: the decoder starts with it. */
  finish(writer: BitWriter): void {
    const { accuracy } = this.#table;
    writer.put(this.#state & ((1 << accuracy) - 1), accuracy);
  }
}

/** Writes the description of a distribution, the reverse of `readDistribution`; ends at a byte border. */
export function writeDistribution(writer: BitWriter, counts: Int16Array, symbolCount: number, accuracy: number): void {
  writer.put(accuracy - 5, 4);
  let remaining = (1 << accuracy) + 1;
  let threshold = 1 << accuracy;
  let width = accuracy + 1;
  for (let symbol = 0; symbol < symbolCount && remaining > 1;) {
    const count = counts[symbol++]!;
    const short = 2 * threshold - 1 - remaining;
    remaining -= Math.abs(count);
    let value = count + 1;
    if (value >= threshold) value += short;
    writer.put(value, value < short ? width - 1 : width);
    while (remaining < threshold) {
      width--;
      threshold >>= 1;
    }
    if (count !== 0) continue;
    let zeros = 0;
    while (symbol + zeros < symbolCount && counts[symbol + zeros] === 0) zeros++;
    symbol += zeros;
    for (; zeros >= 3; zeros -= 3) writer.put(3, 2);
    writer.put(zeros, 2);
  }
  writer.align();
}
