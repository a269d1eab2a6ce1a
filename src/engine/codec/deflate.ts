import { BlockWriter } from './deflate-block.ts';
import { matchToken } from './deflate-token.ts';
import { bitsPerByte } from './entropy.ts';
import {
  FINDER_SLACK,
  findMatch,
  type Match,
  matchDistance,
  matchLength,
  skipPositions,
  startMatching,
} from './match-finder.ts';
import { source, takeInput } from './scratch.ts';

/**
 * Compresses `input` as one raw deflate stream (RFC 1951) and returns its length, or null when it does not fit into `output`.
 * No match reaches back farther than 4096 bytes: qcow2 prescribes a 12-bit window, and strict readers insist on it.
 */
export function deflateRaw(input: Uint8Array, output: Uint8Array): number | null {
  takeInput(input, 0, FINDER_SLACK);
  const literalBits = bitsPerByte(source.bytes, 0, input.length, SAMPLE_STEP);
  startMatching(literalBits < LINES_BITS ? 0 : Math.floor(2 ** (3 * literalBits - MATCH_BITS + 1)));
  const search = literalBits < TEXT_BITS ? TEXT_SEARCH : SEARCH;
  const writer = new BlockWriter(output.length);

  let at = 0;
  do {
    const start = at;
    at = findTokens(start, input.length, search);
    if (!writer.writeBlocks(tokens, tokenCount, start, at === input.length)) return null;
  } while (at < input.length);
  return writer.finish(output);
}

/** So many tokens are collected before they are divided into blocks. */
const TOKEN_COUNT_MAX = 1 << 16;
/** Which bytes are looked at for what a literal takes. */
const SAMPLE_STEP = 5;
/**
 * Where literals take fewer bits than this, much repeats itself, as in text, and far places are worth a look. A program's code
 * has its good matches near.
 */
const TEXT_BITS = 5.3;
/** And fewer than this they take in lines that are like one another, where three bytes only break up longer matches. */
const LINES_BITS = 4.9;

/** How many places are looked at for a match, and for a better one that begins a byte later. */
interface Search {
  readonly depthMax: number;
  readonly laterDepthMax: number;
}

const TEXT_SEARCH: Search = { depthMax: 24, laterDepthMax: 24 };
const SEARCH: Search = { depthMax: 6, laterDepthMax: 4 };

/** Bits that a match takes beside those of its distance: where three literals take fewer, they are cheaper. */
const MATCH_BITS = 7;
/** After so many literals in a row, as a power of two, the search takes longer steps: the data hardly repeats itself. */
const PATIENCE_BITS = 6;
/** A match of this length does not give way any more. */
const LAZY_LENGTH_MAX = 16;

const tokens = new Int32Array(TOKEN_COUNT_MAX + 2);
let tokenCount = 0;

/**
 * Divides the input from `start` on into literals and matches, and returns how far it came. A match gives way to one
 * that starts a byte later when that is better by more than the literal costs.
 */
function findTokens(start: number, end: number, { depthMax, laterDepthMax }: Search): number {
  const { bytes } = source;
  let count = 0;
  let literalRun = 0;
  let at = start;
  while (at < end && count < TOKEN_COUNT_MAX) {
    let match = findMatch(at, end, 2, depthMax);
    if (match === 0) {
      literalRun++;
      const step = Math.min(1 + (literalRun >> PATIENCE_BITS), end - at, TOKEN_COUNT_MAX - count);
      for (let i = 0; i < step; i++) tokens[count++] = bytes[at++]!;
      continue;
    }
    literalRun = 0;
    let found = at + 1;
    let length = matchLength(match);
    while (length < LAZY_LENGTH_MAX && found < end && count < TOKEN_COUNT_MAX) {
      const later = findMatch(found, end, length - 1, laterDepthMax);
      found++;
      if (later === 0 || 4 * (matchLength(later) - length) + distanceGain(later, match) <= 2) break;
      tokens[count++] = bytes[at++]!;
      match = later;
      length = matchLength(later);
    }
    tokens[count++] = matchToken(match);
    at += length;
    skipPositions(found, at);
  }
  tokenCount = count;
  return at;
}

/** How many bits shorter the first match's distance is. */
function distanceGain(match: Match, other: Match): number {
  return Math.clz32(matchDistance(match)) - Math.clz32(matchDistance(other));
}
