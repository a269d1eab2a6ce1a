/**
 * The three symbol alphabets of a sequence (RFC 8878, 3.1.1.3.2.1): a code stands for `base` plus some extra bits.
 * Offset codes need no table: code n is 1 << n plus n bits.
 */
export interface CodeAlphabet {
  readonly name: string;
  readonly base: Int32Array;
  readonly extraBits: Uint8Array;
  readonly accuracyMax: number;
  /** The predefined distribution; -1 is "less than one". */
  readonly predefined: Int16Array;
  readonly predefinedAccuracy: number;
}

function bases(extraBits: Uint8Array, start: number): Int32Array {
  let next = start;
  return Int32Array.from(extraBits, (bits) => {
    const base = next;
    next += 1 << bits;
    return base;
  });
}

/** Run lengths: [value, how often] pairs. */
function runs(...pairs: readonly (readonly [number, number])[]): number[] {
  return pairs.flatMap(([value, count]) => new Array<number>(count).fill(value));
}

const literalLengthBits = Uint8Array.from([
  ...runs([0, 16], [1, 4], [2, 2], [3, 2]),
  4,
  ...[6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
]);

export const LITERAL_LENGTHS: CodeAlphabet = {
  name: 'literal length',
  base: bases(literalLengthBits, 0),
  extraBits: literalLengthBits,
  accuracyMax: 9,
  predefined: Int16Array.from([4, 3, ...runs([2, 11], [1, 3], [2, 9]), 3, 2, ...runs([1, 5], [-1, 4])]),
  predefinedAccuracy: 6,
};

const matchLengthBits = Uint8Array.from([
  ...runs([0, 32], [1, 4], [2, 2], [3, 2], [4, 2]),
  ...[5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
]);

export const MATCH_LENGTHS: CodeAlphabet = {
  name: 'match length',
  base: bases(matchLengthBits, 3),
  extraBits: matchLengthBits,
  accuracyMax: 9,
  predefined: Int16Array.from([1, 4, 3, ...runs([2, 6], [1, 37], [-1, 7])]),
  predefinedAccuracy: 6,
};

export const OFFSETS: CodeAlphabet = {
  name: 'offset',
  base: Int32Array.from({ length: 32 }, (_, code) => 1 << code),
  extraBits: Uint8Array.from({ length: 32 }, (_, code) => code),
  accuracyMax: 8,
  predefined: Int16Array.from(runs([1, 6], [2, 3], [1, 15], [-1, 5])),
  predefinedAccuracy: 5,
};

export const BLOCK_SIZE_MAX = 128 * 1024;
