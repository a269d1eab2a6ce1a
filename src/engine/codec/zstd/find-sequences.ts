import { commonLength } from '../common-length.ts';
import { bitsPerByte } from '../entropy.ts';
import { source } from '../scratch.ts';
import { wordHash } from '../word-hash.ts';
import { BLOCK_SIZE_MAX } from './codes.ts';

/** What a block's input was divided into: literals, and sequences of a run of them and a match. */
export class Sequences {
  count = 0;
  readonly literalLengths = new Int32Array(SEQUENCE_COUNT_MAX);
  readonly matchLengths = new Int32Array(SEQUENCE_COUNT_MAX);
  /** As the format numbers them: 1 to 3 repeat an earlier offset, others are the offset plus 3. */
  readonly offsetValues = new Int32Array(SEQUENCE_COUNT_MAX);
  readonly literals = new Uint8Array(BLOCK_SIZE_MAX);
  literalCount = 0;
}

const MATCH_LENGTH_MIN = 4;
const SEQUENCE_COUNT_MAX = BLOCK_SIZE_MAX / MATCH_LENGTH_MIN + 1;

/** Bytes after the input that must be readable. */
export const FINDER_SLACK = 8;

const HASH_BITS = 15;
const DEPTH_MAX = 8;
const NICE_LENGTH = 96;
/** What a sequence takes beside the bits of its offset, and what one takes whose offset is repeated. */
const SEQUENCE_BITS = 8;
const REPEAT_BITS = 7;
/** After so many bytes without a match, as a power of two, the search takes longer steps. */
const PATIENCE_BITS = 7;

const newest = new Int32Array(1 << HASH_BITS).fill(-1);
let older = new Int32Array(0);

/** Positions are counted on from call to call, so that what earlier inputs left in the tables is below the origin. */
let origin = 0;
let originNext = 0;
let chainMask = 0;

/** Starts a new input of `length` bytes. */
export function startInput(length: number): void {
  if (originNext > 0x3fffffff) {
    originNext = 0;
    newest.fill(-1);
  }
  origin = originNext;
  originNext += length;
  const size = 2 ** Math.ceil(Math.log2(Math.max(length, 1024)));
  if (older.length < size) older = new Int32Array(size);
  chainMask = older.length - 1;
}

// What `search` found, and the bits that it saves; nothing when it saves none.
let foundLength = 0;
let foundOffset = 0;
let foundSaving = 0;

/** What a byte of the block costs as a literal, in bits. */
let literalBits = 8;

/**
 * Divides [start, end) of the input into sequences. `repeats` are the last three offsets, and are kept up to date. A match
 * gives way to one that starts a byte later and saves more.
 */
export function findSequences(start: number, end: number, repeats: Int32Array, into: Sequences): void {
  const { bytes, view } = source;
  // Bytes that stay literals differ from the average byte, so the estimate is renewed as they become known.
  literalBits = Math.max(1, bitsPerByte(bytes, start, end, 1));
  let estimateAt = 512;
  into.count = 0;
  into.literalCount = 0;
  let anchor = start;
  let at = start;
  const searchEnd = end - MATCH_LENGTH_MIN;
  while (at <= searchEnd) {
    search(at, end, repeats, at - anchor, DEPTH_MAX);
    if (foundSaving <= 0) {
      at += 1 + ((at - anchor) >> PATIENCE_BITS);
      continue;
    }
    let length = foundLength;
    let offset = foundOffset;
    let saving = foundSaving;
    let inserted = at + 1;
    while (length < NICE_LENGTH && inserted <= searchEnd) {
      search(inserted, end, repeats, inserted - anchor, DEPTH_MAX >> 1);
      inserted++;
      if (foundSaving <= saving) break;
      at = inserted - 1;
      length = foundLength;
      offset = foundOffset;
      saving = foundSaving;
    }
    while (at > anchor && at > offset && bytes[at - 1] === bytes[at - 1 - offset]) {
      at--;
      length++;
    }
    addLiterals(bytes, anchor, at, into);
    if (into.literalCount >= estimateAt) {
      literalBits = Math.max(1, bitsPerByte(into.literals, 0, into.literalCount, 1));
      estimateAt = 2 * into.literalCount;
    }
    into.literalLengths[into.count] = at - anchor;
    into.matchLengths[into.count] = length;
    into.offsetValues[into.count++] = offsetValue(offset, at - anchor, repeats);
    at += length;
    anchor = at;
    for (const stop = Math.min(at, searchEnd + 1); inserted < stop; inserted++) {
      const hash = wordHash(view.getUint32(inserted, true), HASH_BITS);
      older[(origin + inserted) & chainMask] = newest[hash]!;
      newest[hash] = origin + inserted;
    }
  }
  addLiterals(bytes, anchor, end, into);
}

function search(at: number, end: number, repeats: Int32Array, run: number, depthMax: number): void {
  const { view } = source;
  const position = origin + at;
  const word = view.getUint32(at, true);
  const hash = wordHash(word, HASH_BITS);
  let candidate = newest[hash]!;
  newest[hash] = position;
  older[position & chainMask] = candidate;
  foundSaving = 0;
  const lengthMax = end - at;
  let best = MATCH_LENGTH_MIN - 1;

  // The last offset can be repeated cheaply, unless it just ended; then the one before takes its place.
  const repeat = run === 0 ? repeats[1]! : repeats[0]!;
  if (repeat <= at && view.getUint32(at - repeat, true) === word) {
    best = commonLength(at - repeat, at, lengthMax);
    foundLength = best;
    foundOffset = repeat;
    foundSaving = best * literalBits - REPEAT_BITS;
    if (best >= NICE_LENGTH) return;
  }
  for (let depth = depthMax; depth > 0 && candidate >= origin; depth--) {
    const from = candidate - origin;
    if (view.getUint8(from + best) === view.getUint8(at + best) && view.getUint32(from, true) === word) {
      const length = commonLength(from, at, lengthMax);
      if (length > best) {
        best = length;
        const saving = length * literalBits - (31 - Math.clz32(at - from)) - SEQUENCE_BITS;
        if (saving > foundSaving) {
          foundSaving = saving;
          foundLength = length;
          foundOffset = at - from;
        }
        if (length >= NICE_LENGTH || length === lengthMax) return;
      }
    }
    candidate = older[candidate & chainMask]!;
  }
}

/** Runs are short as a rule, and then a loop is faster than a call. */
function addLiterals(bytes: Uint8Array, from: number, to: number, into: Sequences): void {
  const { literals } = into;
  let count = into.literalCount;
  if (to - from > 48) literals.set(bytes.subarray(from, to), count);
  else for (let at = from; at < to; at++) literals[count++] = bytes[at]!;
  into.literalCount += to - from;
}

/** Numbers an offset as the format does, and moves it to the front of the repeat offsets. */
function offsetValue(offset: number, run: number, repeats: Int32Array): number {
  const repeat1 = repeats[0]!;
  const repeat2 = repeats[1]!;
  const repeat3 = repeats[2]!;
  if (offset === repeat1 && run > 0) return 1;
  repeats[0] = offset;
  repeats[1] = repeat1;
  if (offset === repeat2) return run > 0 ? 2 : 1;
  repeats[2] = repeat2;
  if (offset === repeat3) return run > 0 ? 3 : 2;
  if (offset === repeat1 - 1 && run === 0) return 3;
  return offset + 3;
}
