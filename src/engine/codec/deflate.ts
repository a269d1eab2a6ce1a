import { BlockWriter } from './deflate-block.ts';
import { matchToken } from './deflate-symbols.ts';
import { FINDER_SLACK, MatchFinder } from './match-finder.ts';
import { Scratch } from './scratch.ts';

/**
 * Compresses `input` as one raw deflate stream (RFC 1951) and returns its length, or null when it does not fit into `output`.
 * No match reaches back farther than 4096 bytes: qcow2 prescribes a 12-bit window, and strict readers insist on it.
 */
export function deflateRaw(input: Uint8Array, output: Uint8Array): number | null {
  source.reserve(input.length + FINDER_SLACK);
  source.bytes.set(input);
  source.bytes.fill(0, input.length, input.length + FINDER_SLACK);
  const finder = new MatchFinder(source, input.length);
  const writer = new BlockWriter(source, output.length);

  let at = 0;
  do {
    const start = at;
    at = findTokens(finder, start, input.length);
    if (!writer.writeBlocks(tokens, tokenCount, start, at, at === input.length)) return null;
  } while (at < input.length);
  return writer.finish(output);
}

/** So many tokens are collected before they are divided into blocks. */
const TOKEN_COUNT_MAX = 1 << 16;
const DEPTH_MAX = 48;
const NICE_LENGTH = 130;

const source = new Scratch();
const tokens = new Int32Array(TOKEN_COUNT_MAX + 2);
let tokenCount = 0;

/**
 * Divides the input from `start` on into literals and matches, and returns how far it came. A match gives way to one
 * that starts a byte later when that is better by more than the literal costs.
 */
function findTokens(finder: MatchFinder, start: number, end: number): number {
  const bytes = source.bytes;
  let count = 0;
  let at = start;
  while (at < end && count < TOKEN_COUNT_MAX) {
    finder.find(at, 2, DEPTH_MAX, NICE_LENGTH);
    if (finder.length < 3) {
      tokens[count++] = bytes[at++]!;
      continue;
    }
    let { length, distance } = finder;
    let found = at + 1;
    while (length < NICE_LENGTH && found < end && count < TOKEN_COUNT_MAX) {
      finder.find(found, length - 1, DEPTH_MAX >> 1, NICE_LENGTH);
      const gain = 4 * (finder.length - length) + Math.clz32(finder.distance) - Math.clz32(distance);
      found++;
      if (finder.length < length || gain <= 2) break;
      tokens[count++] = bytes[at++]!;
      ({ length, distance } = finder);
    }
    tokens[count++] = matchToken(length, distance);
    at += length;
    finder.skip(found, at);
  }
  tokenCount = count;
  return at;
}
