import { commonLength } from './common-length.ts';
import { source } from './scratch.ts';

/** The shortest match that is looked for, the longest that deflate can express, and the farthest that a 12-bit window holds. */
export const MATCH_LENGTH_MIN = 4;
export const MATCH_LENGTH_MAX = 258;
export const DISTANCE_MAX = 4096;

/** Bytes after the input that must be readable. */
export const FINDER_SLACK = 8;

const CHAIN_MASK = DISTANCE_MAX - 1;
const HASH_BITS = 15;

// The low 16 bits of positions. An entry may be out of date, or of no position at all: it is a place to look, no more.
const newest = new Uint16Array(1 << HASH_BITS);
const older = new Uint16Array(DISTANCE_MAX);

/** Begins an input; nothing of the one before is left, so that the same input always gives the same matches. */
export function startMatching(): void {
  newest.fill(0);
  older.fill(0);
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
 * Adds the position `at`, and looks for an earlier occurrence of what is there that is longer than `longerThan`, at least three,
 * among `depthMax` positions with the same four bytes, nearest first. Matches of three bytes are left out: to look for them
 * takes a sixth of the time and saves two per cent of a program, nothing of a text.
 */
export function findMatch(at: number, end: number, longerThan: number, depthMax: number, niceLength: number): Match {
  const { view } = source;
  const word = view.getUint32(at, true);
  const hash = Math.imul(word, 0x9e3779b1) >>> (32 - HASH_BITS);
  let candidate = newest[hash]!;
  newest[hash] = at;
  older[at & CHAIN_MASK] = candidate;

  const lengthMax = end - at < MATCH_LENGTH_MAX ? end - at : MATCH_LENGTH_MAX;
  const distanceMax = at < DISTANCE_MAX ? at : DISTANCE_MAX;
  let best = longerThan;
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
    candidate = older[from & CHAIN_MASK]!;
    nearer = distance;
    distance = (at - candidate) & 0xffff;
  }
  return match;
}

/** Adds the positions [from, to) without looking for matches. */
export function skipPositions(from: number, to: number): void {
  const { view } = source;
  for (let at = from; at < to; at++) {
    const hash = Math.imul(view.getUint32(at, true), 0x9e3779b1) >>> (32 - HASH_BITS);
    older[at & CHAIN_MASK] = newest[hash]!;
    newest[hash] = at;
  }
}
