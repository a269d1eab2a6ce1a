import { DISTANCE_SYMBOL_COUNT, DISTANCE_SYMBOLS, LENGTH_SYMBOLS, LITERAL_SYMBOL_COUNT } from './deflate-symbols.ts';
import { tokenDistance, tokenLength } from './deflate-token.ts';

const SYMBOL_COUNT = LITERAL_SYMBOL_COUNT + DISTANCE_SYMBOL_COUNT;
const CHUNK_TOKENS = 4096;
const CHUNK_COUNT_MAX = 17;

/** A run of tokens and how often each symbol occurs in it, distances after literals and lengths. */
export interface TokenRun {
  readonly frequencies: Uint32Array;
  tokenCount: number;
  /** How many bytes of the input the tokens stand for. */
  byteLength: number;
  /** Estimated size as a block of its own, in bits. */
  cost: number;
}

const chunks: readonly TokenRun[] = Array.from({ length: CHUNK_COUNT_MAX }, () => ({
  frequencies: new Uint32Array(SYMBOL_COUNT),
  tokenCount: 0,
  byteLength: 0,
  cost: 0,
}));

/**
 * Divides tokens into runs that are worth a block each: small pieces to begin with, of which the two neighbours that save
 * most by sharing one code are joined, until none do. The runs are valid until the next call.
 */
export function splitTokens(tokens: Int32Array, count: number): readonly TokenRun[] {
  const runs: TokenRun[] = [];
  for (let at = 0; at < count; at += CHUNK_TOKENS) {
    const chunk = chunks[runs.length]!;
    countSymbols(tokens, at, Math.min(at + CHUNK_TOKENS, count), chunk);
    chunk.cost = blockCost(chunk.frequencies, NONE);
    runs.push(chunk);
  }

  const savings = runs.map((run, i) => (i === 0 ? 0 : saving(runs[i - 1]!, run)));
  while (runs.length > 1) {
    let best = 1;
    for (let i = 2; i < runs.length; i++) if (savings[i]! > savings[best]!) best = i;
    if (savings[best]! < 0) break;
    join(runs[best - 1]!, runs[best]!, savings[best]!);
    runs.splice(best, 1);
    savings.splice(best, 1);
    if (best > 1) savings[best - 1] = saving(runs[best - 2]!, runs[best - 1]!);
    if (best < runs.length) savings[best] = saving(runs[best - 1]!, runs[best]!);
  }
  return runs;
}

function countSymbols(tokens: Int32Array, first: number, last: number, into: TokenRun): void {
  counts.fill(0);
  let byteLength = last - first;
  for (let i = first; i < last; i++) {
    const token = tokens[i]!;
    if (token >= 0) counts[token]!++;
    else {
      const length = tokenLength(token);
      counts[LENGTH_SYMBOLS[length]!]!++;
      counts[LITERAL_SYMBOL_COUNT + DISTANCE_SYMBOLS[tokenDistance(token)]!]!++;
      byteLength += length - 1;
    }
  }
  into.frequencies.set(counts);
  into.tokenCount = last - first;
  into.byteLength = byteLength;
}

/** Always the same memory, to which compiled code goes without a look at it. */
const counts = new Uint32Array(SYMBOL_COUNT);

function join(into: TokenRun, from: TokenRun, saved: number): void {
  for (let symbol = 0; symbol < SYMBOL_COUNT; symbol++) into.frequencies[symbol]! += from.frequencies[symbol]!;
  into.tokenCount += from.tokenCount;
  into.byteLength += from.byteLength;
  into.cost += from.cost - saved;
}

/** Bits saved when two neighbours share one block. */
function saving(left: TokenRun, right: TokenRun): number {
  return left.cost + right.cost - blockCost(left.frequencies, right.frequencies);
}

const NONE = new Uint32Array(SYMBOL_COUNT);

/** A block's description takes about so many bits, and for each symbol that occurs. */
const DESCRIPTION_BITS = 90;
const SYMBOL_BITS = 3.4;

/** Bits of a block by the entropy of its symbols; extra bits are the same however it is divided. */
function blockCost(frequencies: Uint32Array, others: Uint32Array): number {
  return (
    DESCRIPTION_BITS +
    codeCost(frequencies, others, 0, LITERAL_SYMBOL_COUNT) +
    codeCost(frequencies, others, LITERAL_SYMBOL_COUNT, SYMBOL_COUNT)
  );
}

function codeCost(frequencies: Uint32Array, others: Uint32Array, first: number, last: number): number {
  let total = 0;
  let bits = 0;
  for (let symbol = first; symbol < last; symbol++) {
    const frequency = frequencies[symbol]! + others[symbol]!;
    total += frequency;
    bits += frequency < SYMBOL_TERMS.length ? SYMBOL_TERMS[frequency]! : SYMBOL_BITS - entropyTerm(frequency);
  }
  return bits + entropyTerm(total);
}

function entropyTerm(n: number): number {
  return n === 0 ? 0 : n * Math.log2(n);
}

/** What a symbol that occurs n times contributes, for the small n that most have. */
const SYMBOL_TERMS = Float32Array.from({ length: 2048 }, (_, n) => (n === 0 ? 0 : SYMBOL_BITS - entropyTerm(n)));
