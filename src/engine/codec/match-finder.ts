import type { Scratch } from './scratch.ts';

/** The longest match that deflate can express, and the farthest a reader with a 12-bit window accepts. */
export const MATCH_LENGTH_MAX = 258;
export const DISTANCE_MAX = 4096;

/** Bytes after the input that must be readable. */
export const FINDER_SLACK = 8;

const CHAIN_MASK = 2 * DISTANCE_MAX - 1;
const HASH3_BITS = 12;
const HASH4_BITS = 13;

const newestWith3 = new Int32Array(1 << HASH3_BITS).fill(-1);
const newestWith4 = new Int32Array(1 << HASH4_BITS).fill(-1);
const olderWith4 = new Int32Array(2 * DISTANCE_MAX);

/** Positions are counted on from call to call, so that what earlier inputs left in the tables is simply too far away. */
let origin = 0;

/**
 * Finds earlier occurrences: a chain of positions with the same four bytes, nearest first, and beside it the nearest with
 * the same three, since a short match pays only when it is near.
 */
export class MatchFinder {
  readonly #view: DataView;
  readonly #end: number;
  readonly #origin: number;
  /** Length and distance of what `find` found; a length below 3 is nothing. */
  length = 0;
  distance = 0;

  constructor(source: Scratch, end: number) {
    this.#view = source.view;
    this.#end = end;
    if (origin > 0x3fffffff) {
      origin = 0;
      newestWith3.fill(-1);
      newestWith4.fill(-1);
    }
    origin += DISTANCE_MAX + 1;
    this.#origin = origin;
    origin += end;
  }

  /** Adds the position, and looks for a match longer than `longerThan` among `depthMax` candidates. */
  find(at: number, longerThan: number, depthMax: number, niceLength: number): void {
    const view = this.#view;
    const base = this.#origin;
    const position = base + at;
    const word = view.getUint32(at, true);
    const hash3 = Math.imul(word << 8, 0x9e3779b1) >>> (32 - HASH3_BITS);
    const hash4 = Math.imul(word, 0x9e3779b1) >>> (32 - HASH4_BITS);
    const nearest3 = newestWith3[hash3]!;
    let candidate = newestWith4[hash4]!;
    newestWith3[hash3] = position;
    newestWith4[hash4] = position;
    olderWith4[position & CHAIN_MASK] = candidate;

    const lengthMax = Math.min(MATCH_LENGTH_MAX, this.#end - at);
    const oldest = Math.max(base, position - DISTANCE_MAX);
    let best = longerThan;
    this.length = 0;
    if (lengthMax <= best) return;

    if (best < 3) {
      if (nearest3 < oldest) return;
      best = 3;
      if (((view.getUint32(nearest3 - base, true) ^ word) & 0xffffff) === 0 && lengthMax >= 3) {
        this.length = 3;
        this.distance = position - nearest3;
      }
    }
    if (lengthMax < 4) return;
    let tail = view.getUint32(at + best - 3, true);
    for (let depth = depthMax; depth > 0 && candidate >= oldest; depth--) {
      const from = candidate - base;
      if (view.getUint32(from + best - 3, true) === tail && view.getUint32(from, true) === word) {
        let length = 4;
        while (length < lengthMax) {
          const difference = view.getUint32(from + length, true) ^ view.getUint32(at + length, true);
          if (difference !== 0) {
            length += (31 - Math.clz32(difference & -difference)) >> 3;
            break;
          }
          length += 4;
        }
        if (length > lengthMax) length = lengthMax;
        if (length > best) {
          best = length;
          this.length = length;
          this.distance = position - candidate;
          if (length >= niceLength || length === lengthMax) return;
          tail = view.getUint32(at + best - 3, true);
        }
      }
      candidate = olderWith4[candidate & CHAIN_MASK]!;
    }
  }

  /** Adds the positions [from, to) without looking for matches. */
  skip(from: number, to: number): void {
    const view = this.#view;
    const base = this.#origin;
    for (let at = from; at < to; at++) {
      const word = view.getUint32(at, true);
      const hash4 = Math.imul(word, 0x9e3779b1) >>> (32 - HASH4_BITS);
      newestWith3[Math.imul(word << 8, 0x9e3779b1) >>> (32 - HASH3_BITS)] = base + at;
      olderWith4[(base + at) & CHAIN_MASK] = newestWith4[hash4]!;
      newestWith4[hash4] = base + at;
    }
  }
}
