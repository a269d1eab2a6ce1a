import { commonLength } from './common-length.ts';
import { source } from './scratch.ts';

/** The longest match that deflate can express, and the farthest a reader with a 12-bit window accepts. */
export const MATCH_LENGTH_MAX = 258;
export const DISTANCE_MAX = 4096;

/** Bytes after the input that must be readable. */
export const FINDER_SLACK = 8;

const CHAIN_MASK = DISTANCE_MAX - 1;
const HASH3_BITS = 13;
const HASH4_BITS = 15;

// The low 16 bits of positions. An entry may be out of date, or of no position at all: it is a place to look, no more.
const newestWith3 = new Uint16Array(1 << HASH3_BITS);
const newestWith4 = new Uint16Array(1 << HASH4_BITS);
const olderWith4 = new Uint16Array(DISTANCE_MAX);

/** Bits that a match takes beside those of its distance. */
const MATCH_BITS = 7;

/** Three bytes farther away than this are cheaper as literals. */
let shortDistanceMax = DISTANCE_MAX;

/**
 * Begins an input whose literals take so many bits; nothing of the one before is left, so that the same input always gives
 * the same matches.
 */
export function startMatching(literalBits: number): void {
  shortDistanceMax = 2 ** Math.max(0, 3 * literalBits - MATCH_BITS + 1);
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
export function findMatch(at: number, end: number, longerThan: number, depthMax: number, niceLength: number): Match {
  const { view } = source;
  const word = view.getUint32(at, true);
  const hash3 = Math.imul(word << 8, 0x9e3779b1) >>> (32 - HASH3_BITS);
  const hash4 = Math.imul(word, 0x9e3779b1) >>> (32 - HASH4_BITS);
  const near = newestWith3[hash3]!;
  let candidate = newestWith4[hash4]!;
  newestWith3[hash3] = at;
  newestWith4[hash4] = at;
  olderWith4[at & CHAIN_MASK] = candidate;

  const lengthMax = end - at < MATCH_LENGTH_MAX ? end - at : MATCH_LENGTH_MAX;
  const distanceMax = at < DISTANCE_MAX ? at : DISTANCE_MAX;
  let best = longerThan < 3 ? 3 : longerThan;
  if (lengthMax <= best) return 0;
  let match = 0;
  let tail = view.getUint32(at + best - 3, true);
  let distance = (at - candidate) & 0xffff;
  let nearer = 0;
  // Farther and farther: where that ends, the entry was out of date.
  for (let depth = depthMax; depth > 0 && distance > nearer && distance <= distanceMax; depth--) {
    const from = at - distance;
    if (view.getUint32(from + best - 3, true) === tail && view.getUint32(from, true) === word) {
      const length = commonLength(from, at, lengthMax);
      if (length > best) {
        best = length;
        match = (length << 13) | distance;
        if (length >= niceLength || length === lengthMax) return match;
        tail = view.getUint32(at + best - 3, true);
      }
    }
    candidate = olderWith4[from & CHAIN_MASK]!;
    nearer = distance;
    distance = (at - candidate) & 0xffff;
  }
  if (match !== 0 || longerThan > 2) return match;
  distance = (at - near) & 0xffff;
  if (distance === 0 || distance > distanceMax || distance > shortDistanceMax) return 0;
  return ((view.getUint32(at - distance, true) ^ word) & 0xffffff) === 0 ? (3 << 13) | distance : 0;
}

/** Adds the positions [from, to) without looking for matches. */
export function skipPositions(from: number, to: number): void {
  const { view } = source;
  for (let at = from; at < to; at++) {
    const word = view.getUint32(at, true);
    const hash4 = Math.imul(word, 0x9e3779b1) >>> (32 - HASH4_BITS);
    newestWith3[Math.imul(word << 8, 0x9e3779b1) >>> (32 - HASH3_BITS)] = at;
    olderWith4[at & CHAIN_MASK] = newestWith4[hash4]!;
    newestWith4[hash4] = at;
  }
}
