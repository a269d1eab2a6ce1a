import { commonLength } from './common-length.ts';
import { source } from './scratch.ts';
import { wordHash } from './word-hash.ts';

/** What deflate can express as a match, and how far back a reader with a 12-bit window accepts one. */
export const MATCH_LENGTH_MIN = 3;
export const MATCH_LENGTH_MAX = 258;
export const DISTANCE_MAX = 4096;

/** Bytes after the input that must be readable. */
export const FINDER_SLACK = 8;

/** A match of this length is good enough. */
const NICE_LENGTH = 64;

const CHAIN_MASK = DISTANCE_MAX - 1;
const HASH3_BITS = 13;
const HASH4_BITS = 15;

// The low 16 bits of positions. An entry may be out of date, or of no position at all: it is a place to look, no more.
const newestWith3 = new Uint16Array(1 << HASH3_BITS);
const newestWith4 = new Uint16Array(1 << HASH4_BITS);
const olderWith4 = new Uint16Array(DISTANCE_MAX);

/** Three bytes are looked for up to this distance; 0: nowhere. */
let shortDistanceMax = 0;

/**
 * Begins an input, with the distance up to which a match of three bytes is worth its bits; nothing of the one before is
 * left, so that the same input always gives the same matches.
 */
export function startMatching(distanceMaxOf3: number): void {
  shortDistanceMax = Math.min(distanceMaxOf3, DISTANCE_MAX);
  newestWith3.fill(0);
  newestWith4.fill(0);
  olderWith4.fill(0);
}

/** A match as one number, 0 for none. */
export type Match = number;

export function matchLength(match: Match): number {
  return match >> 13;
}

export function matchDistance(match: Match): number {
  return match & 0x1fff;
}

/**
 * Adds the position `at`, and looks for an earlier occurrence of what is there that is longer than `longerThan`, at least 2,
 * among `depthMax` positions with the same four bytes, nearest first; else for three bytes at the nearest position with these.
 */
export function findMatch(at: number, end: number, longerThan: number, depthMax: number): Match {
  const word = source.view.getUint32(at, true);
  const hash4 = wordHash(word, HASH4_BITS);
  const newest = newestWith4[hash4]!;
  newestWith4[hash4] = at;
  olderWith4[at & CHAIN_MASK] = newest;
  // Most positions have no other in reach, and are done with here.
  const distance = (at - newest) & 0xffff;
  const match = distance > DISTANCE_MAX ? 0 : longestMatch(at, distance, end, longerThan, depthMax);
  if (shortDistanceMax === 0) return match;

  const hash3 = wordHash(word << 8, HASH3_BITS);
  const nearest = (at - newestWith3[hash3]!) & 0xffff;
  newestWith3[hash3] = at;
  if (match !== 0 || longerThan > 2 || nearest === 0 || nearest > shortDistanceMax || end - at <= 3) return match;
  return ((source.view.getUint32(at - nearest, true) ^ word) & 0xffffff) === 0 ? (3 << 13) | nearest : 0;
}

/** The longest match with at least four bytes among the positions from `first` bytes back on, 0 for none. */
function longestMatch(at: number, first: number, end: number, longerThan: number, depthMax: number): Match {
  const { view } = source;
  const lengthMax = end - at < MATCH_LENGTH_MAX ? end - at : MATCH_LENGTH_MAX;
  let best = longerThan < 3 ? 3 : longerThan;
  if (lengthMax <= best) return 0;
  const word = view.getUint32(at, true);
  let tail = view.getUint32(at + best - 3, true);
  let match = 0;
  let distance = first;
  let nearer = 0;
  // Farther and farther: where that ends, the entry was out of date.
  for (let depth = depthMax; depth > 0 && distance > nearer && distance <= DISTANCE_MAX; depth--) {
    const from = at - distance;
    if (view.getUint32(from + best - 3, true) === tail && view.getUint32(from, true) === word) {
      const length = commonLength(from, at, lengthMax);
      if (length > best) {
        best = length;
        match = (length << 13) | distance;
        if (length >= NICE_LENGTH || length === lengthMax) return match;
        tail = view.getUint32(at + best - 3, true);
      }
    }
    nearer = distance;
    distance = (at - olderWith4[from & CHAIN_MASK]!) & 0xffff;
  }
  return match;
}

/** Adds the positions [from, to) without looking for matches. */
export function skipPositions(from: number, to: number): void {
  const { view } = source;
  for (let at = from; at < to; at++) {
    const word = view.getUint32(at, true);
    const hash4 = wordHash(word, HASH4_BITS);
    if (shortDistanceMax > 0) newestWith3[wordHash(word << 8, HASH3_BITS)] = at;
    olderWith4[at & CHAIN_MASK] = newestWith4[hash4]!;
    newestWith4[hash4] = at;
  }
}
