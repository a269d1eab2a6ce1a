/** The alphabets of deflate (RFC 1951, 3.2.5). */
export const LITERAL_SYMBOL_COUNT = 286;
export const DISTANCE_SYMBOL_COUNT = 30;
export const END_OF_BLOCK = 256;

export const LENGTH_EXTRA_BITS = Uint8Array.from({ length: LITERAL_SYMBOL_COUNT }, (_, symbol) => {
  const index = symbol - 257;
  return index < 8 || index === 28 ? 0 : (index >> 2) - 1;
});

export const DISTANCE_EXTRA_BITS = Uint8Array.from({ length: DISTANCE_SYMBOL_COUNT }, (_, symbol) =>
  symbol < 2 ? 0 : (symbol >> 1) - 1,
);

/** Symbol of each match length 3 … 258. */
export const LENGTH_SYMBOLS = new Uint16Array(259);
/** The smallest length of each symbol. */
export const LENGTH_BASES = new Uint16Array(LITERAL_SYMBOL_COUNT);
{
  let length = 3;
  for (let symbol = 257; symbol < LITERAL_SYMBOL_COUNT; symbol++) {
    LENGTH_BASES[symbol] = symbol === 285 ? 258 : length;
    for (let n = 1 << LENGTH_EXTRA_BITS[symbol]!; n > 0 && length <= 258; n--) LENGTH_SYMBOLS[length++] = symbol;
  }
  // 258 has a symbol of its own, though the one before could express it.
  LENGTH_SYMBOLS[258] = 285;
}

/** Symbol of each distance 1 … 4096, and the smallest distance of each symbol. */
export const DISTANCE_SYMBOLS = new Uint8Array(4097);
export const DISTANCE_BASES = new Uint16Array(DISTANCE_SYMBOL_COUNT);
{
  let distance = 1;
  for (let symbol = 0; symbol < DISTANCE_SYMBOL_COUNT; symbol++) {
    DISTANCE_BASES[symbol] = distance;
    const next = distance + (1 << DISTANCE_EXTRA_BITS[symbol]!);
    DISTANCE_SYMBOLS.fill(symbol, distance, next);
    distance = next;
  }
}

/** Lengths of the fixed codes; the two literal symbols beyond those in use belong to the code all the same. */
export const FIXED_LITERAL_LENGTHS = Uint8Array.from({ length: 288 }, (_, i) =>
  i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8,
);
export const FIXED_DISTANCE_LENGTHS = new Uint8Array(32).fill(5);

/** The precode describes the code lengths of a dynamic block; its own lengths come in this order. */
export const PRECODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
/** Extra bits of its symbols: from 16 on they repeat the length before, or zeros. */
export const PRECODE_EXTRA_BITS = Uint8Array.from([...new Array<number>(16).fill(0), 2, 3, 7]);
