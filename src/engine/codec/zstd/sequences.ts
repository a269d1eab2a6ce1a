import { COPY_SLACK, copyMatch } from '../copy-match.ts';
import { source, target } from '../scratch.ts';
import { type CodeAlphabet, LITERAL_LENGTHS, MATCH_LENGTHS, OFFSETS } from './codes.ts';
import { corrupt } from './corrupt.ts';
import { backwardStreamStart, readDistribution, spreadStates, stateBases, stateBits, stateSymbols } from './fse.ts';
import type { Literals } from './literals.ts';

/**
 * The decoding tables, joined with their alphabets: a state gives BASES plus extra bits, and MOVES holds what it takes:
 * bits 0–3 bits to read for the next state, 4–8 extra bits, 9–… what to add for the next state. All tables share two
 * constant arrays, each in a place of its own, and a state is an index of these: the decoding loop is faster for it.
 */
const TABLE_SPACE = 2048;
const BASES = new Int32Array(TABLE_SPACE);
const MOVES = new Int32Array(TABLE_SPACE);
let spaceUsed = 0;

interface SequenceTable {
  readonly start: number;
  accuracy: number;
}

function newTable(accuracyMax: number): SequenceTable {
  const start = spaceUsed;
  spaceUsed += 1 << accuracyMax;
  return { start, accuracy: 0 };
}

class TableSlot {
  readonly alphabet: CodeAlphabet;
  readonly #own: SequenceTable;
  readonly #predefined: SequenceTable;
  current: SequenceTable | null = null;

  constructor(alphabet: CodeAlphabet) {
    this.alphabet = alphabet;
    this.#own = newTable(alphabet.accuracyMax);
    this.#predefined = newTable(alphabet.predefinedAccuracy);
    fillTable(this.#predefined, alphabet, alphabet.predefined, alphabet.predefined.length, alphabet.predefinedAccuracy);
  }

  /** Takes the table that a block's mode asks for; returns where its description ends. */
  read(mode: number, at: number, end: number): number {
    switch (mode) {
      case 0:
        this.current = this.#predefined;
        return at;
      case 1:
        return this.#readSingle(at, end);
      case 2: {
        const { alphabet } = this;
        const found = readDistribution(at, end, alphabet.base.length, alphabet.accuracyMax);
        fillTable(this.#own, alphabet, found.counts, found.symbolCount, found.accuracy);
        this.current = this.#own;
        return found.end;
      }
      default:
        if (this.current === null)
          throw corrupt(`the ${this.alphabet.name} table is to be used again, but there was none`);
        return at;
    }
  }

  #readSingle(at: number, end: number): number {
    const code = at < end ? source.view.getUint8(at) : Infinity;
    if (code >= this.alphabet.base.length) throw corrupt(`invalid ${this.alphabet.name} code`);
    const { start } = this.#own;
    BASES[start] = this.alphabet.base[code]!;
    MOVES[start] = (this.alphabet.extraBits[code]! << 4) | (start << 9);
    this.#own.accuracy = 0;
    this.current = this.#own;
    return at + 1;
  }
}

function fillTable(
  table: SequenceTable,
  { base, extraBits }: CodeAlphabet,
  counts: Int16Array,
  symbolCount: number,
  accuracy: number,
): void {
  const { start } = table;
  spreadStates(counts, symbolCount, accuracy);
  for (let state = 0; state < 1 << accuracy; state++) {
    const symbol = stateSymbols[state]!;
    BASES[start + state] = base[symbol]!;
    MOVES[start + state] = stateBits[state]! | (extraBits[symbol]! << 4) | ((start + stateBases[state]!) << 9);
  }
  table.accuracy = accuracy;
}

const literalLengths = new TableSlot(LITERAL_LENGTHS);
const offsets = new TableSlot(OFFSETS);
const matchLengths = new TableSlot(MATCH_LENGTHS);
/** The last three offsets. */
const repeats = new Int32Array(3);

/** Tables and offsets are kept from block to block; each frame starts without tables and with these offsets. */
export function forgetSequences(): void {
  literalLengths.current = null;
  offsets.current = null;
  matchLengths.current = null;
  repeats.set([1, 4, 8]);
}

/** How far the target is filled: `outEnd` is the limit, `frameStart` how far back matches may reach. */
export interface Progress {
  out: number;
  outEnd: number;
  frameStart: number;
}

/** Decodes and executes the sequences section behind a block's literals (RFC 8878, 3.1.1.3.2), all literals included. */
export function executeSequences(literals: Literals, end: number, progress: Progress): void {
  const input = source.view;
  let at = literals.end;
  if (at >= end) throw corrupt('a block is truncated');
  let count = input.getUint8(at++);
  if (count === 255) {
    count = input.getUint16(at, true) + 0x7f00;
    at += 2;
  } else if (count > 127) count = ((count - 128) << 8) + input.getUint8(at++);
  if (at > end) throw corrupt('a sequences header is truncated');
  if (count === 0) {
    if (at !== end) throw corrupt('bytes after the last literal');
    appendLiterals(literals, literals.at, progress);
    return;
  }
  if (at >= end) throw corrupt('a sequences header is truncated');
  const modes = input.getUint8(at++);
  if ((modes & 3) !== 0) throw corrupt('reserved bits are set');
  at = literalLengths.read(modes >> 6, at, end);
  at = offsets.read((modes >> 4) & 3, at, end);
  at = matchLengths.read((modes >> 2) & 3, at, end);
  const literalAt = runSequences(at, end, count, literals, progress);
  appendLiterals(literals, literalAt, progress);
}

/** Returns where the literals are that no sequence has used. */
function runSequences(at: number, end: number, count: number, literals: Literals, progress: Progress): number {
  const { outEnd, frameStart } = progress;
  const literalEnd = literals.at + literals.length;
  let literalAt = literals.at;
  let out = progress.out;
  let repeat1 = repeats[0]!;
  let repeat2 = repeats[1]!;
  let repeat3 = repeats[2]!;

  const start = at * 8;
  const [literalLengthTable, offsetTable, matchLengthTable] = [
    literalLengths.current!,
    offsets.current!,
    matchLengths.current!,
  ];
  let bit = backwardStreamStart(at, end);
  bit -= literalLengthTable.accuracy;
  let literalLengthState = literalLengthTable.start + peekBits(bit, literalLengthTable.accuracy);
  bit -= offsetTable.accuracy;
  let offsetState = offsetTable.start + peekBits(bit, offsetTable.accuracy);
  bit -= matchLengthTable.accuracy;
  let matchLengthState = matchLengthTable.start + peekBits(bit, matchLengthTable.accuracy);

  while (count > 0) {
    const offsetMove = MOVES[offsetState]!;
    const matchLengthMove = MOVES[matchLengthState]!;
    const literalLengthMove = MOVES[literalLengthState]!;

    const offsetExtra = (offsetMove >>> 4) & 31;
    bit -= offsetExtra;
    // One check a sequence: what the other fields take, 90 bits at most, is still within the memory's slack.
    if (bit < start) throw corrupt('sequences are truncated');
    let offset = BASES[offsetState]!;
    if (offsetExtra <= 25) offset += peekBits(bit, offsetExtra);
    // No window that this engine reads reaches that far back.
    else throw corrupt('a match reaches back before the start');
    let matchLength = BASES[matchLengthState]!;
    let literalLength = BASES[literalLengthState]!;
    const matchLengthExtra = (matchLengthMove >>> 4) & 31;
    const literalLengthExtra = (literalLengthMove >>> 4) & 31;
    // Most lengths have none.
    if (matchLengthExtra + literalLengthExtra > 0) {
      bit -= matchLengthExtra + literalLengthExtra;
      literalLength += peekBits(bit, literalLengthExtra);
      matchLength += peekBits(bit + literalLengthExtra, matchLengthExtra);
    }

    // Early, as the copies below need not wait for it. The last sequence has no next states.
    if (--count > 0) {
      const literalLengthBits = literalLengthMove & 15;
      const matchLengthBits = matchLengthMove & 15;
      const offsetBits = offsetMove & 15;
      bit -= literalLengthBits + matchLengthBits + offsetBits;
      const word = source.view.getUint32(bit >> 3, true) >>> (bit & 7);
      offsetState = (offsetMove >>> 9) + (word & ((1 << offsetBits) - 1));
      matchLengthState = (matchLengthMove >>> 9) + ((word >>> offsetBits) & ((1 << matchLengthBits) - 1));
      const literalLengthAt = bit + offsetBits + matchLengthBits;
      literalLengthState = (literalLengthMove >>> 9) + peekBits(literalLengthAt, literalLengthBits);
    }

    if (offset > 3) {
      offset -= 3;
      repeat3 = repeat2;
      repeat2 = repeat1;
      repeat1 = offset;
    } else {
      // Without literals before it, the most recent offset would only have made the previous match longer.
      const which = literalLength === 0 ? offset : offset - 1;
      if (which === 0) offset = repeat1;
      else if (which === 1) {
        offset = repeat2;
        repeat2 = repeat1;
        repeat1 = offset;
      } else {
        offset = which === 2 ? repeat3 : repeat1 - 1;
        repeat3 = repeat2;
        repeat2 = repeat1;
        repeat1 = offset;
      }
    }

    if (literalAt + literalLength > literalEnd) throw corrupt('more literals are used than there are');
    if (out + literalLength + matchLength > outEnd) throw corrupt('a block gives more than it may');
    if (literalLength > 64) target.bytes.set(source.bytes.subarray(literalAt, literalAt + literalLength), out);
    else copyFew(literalAt, out, literalLength);
    out += literalLength;
    literalAt += literalLength;
    if (offset > out - frameStart || offset === 0) throw corrupt('a match reaches back before the start');
    copyMatch(out, offset, matchLength);
    out += matchLength;
  }

  if (bit !== start) throw corrupt('sequences do not end where they should');
  repeats[0] = repeat1;
  repeats[1] = repeat2;
  repeats[2] = repeat3;
  progress.out = out;
  return literalAt;
}

/** The bits [bit, bit + count) of the source, at most 25. */
function peekBits(bit: number, count: number): number {
  return (source.view.getUint32(bit >> 3, true) >>> (bit & 7)) & ((1 << count) - 1);
}

/** Copies literals eight bytes at a time, up to eight more than asked for. */
function copyFew(from: number, to: number, count: number): void {
  const { view } = source;
  const { view: targetView } = target;
  targetView.setInt32(to, view.getInt32(from, true), true);
  targetView.setInt32(to + 4, view.getInt32(from + 4, true), true);
  for (let done = 8; done < count; done += 8) {
    targetView.setInt32(to + done, view.getInt32(from + done, true), true);
    targetView.setInt32(to + done + 4, view.getInt32(from + done + 4, true), true);
  }
}

function appendLiterals(literals: Literals, from: number, progress: Progress): void {
  const end = literals.at + literals.length;
  if (progress.out + (end - from) > progress.outEnd) throw corrupt('a block gives more than it may');
  target.bytes.set(source.bytes.subarray(from, end), progress.out);
  progress.out += end - from;
}

/** How far beyond its end a block may write. */
export const OUTPUT_SLACK = COPY_SLACK + 8;
