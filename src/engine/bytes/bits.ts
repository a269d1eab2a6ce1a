export interface BitRange {
  /** Lowest bit, 0 being the least significant. */
  readonly low: number;
  /** Highest bit, inclusive. */
  readonly high: number;
}

export interface BitLayout<F extends Record<string, readonly [number, number]>> {
  readonly name: string;
  readonly fields: { readonly [K in keyof F]: BitRange };
  /** All fields of a 64-bit word, shifted down to bit 0. For display and judgement, not for hot loops. */
  decode(word: bigint): { [K in keyof F]: bigint };
  encode(value: Partial<{ [K in keyof F]: bigint }>): bigint;
  mask(field: keyof F): bigint;
}

/** Declares the bit fields of a 64-bit word, lowest and highest bit inclusive; every bit must belong to one field. */
export function defineBits<const F extends Record<string, readonly [number, number]>>(
  name: string,
  spec: F,
): BitLayout<F> {
  const entries = Object.entries(spec);
  const covered = entries.reduce((mask, [key, range]) => {
    const m = maskOf(range);
    if ((mask & m) !== 0n) throw new Error(`${name}: ${key} overlaps another field`);
    return mask | m;
  }, 0n);
  if (covered !== 0xffffffffffffffffn) throw new Error(`${name}: some bits belong to no field`);
  return {
    name,
    fields: Object.fromEntries(entries.map(([key, [low, high]]) => [key, { low, high }])) as BitLayout<F>['fields'],
    decode: (word) =>
      Object.fromEntries(entries.map(([key, range]) => [key, (word & maskOf(range)) >> BigInt(range[0])])) as {
        [K in keyof F]: bigint;
      },
    encode: (value) =>
      entries.reduce((word, [key, range]) => {
        const part = value[key as keyof F] ?? 0n;
        return word | ((part << BigInt(range[0])) & maskOf(range));
      }, 0n),
    mask: (field) => maskOf(spec[field]!),
  };
}

function maskOf([low, high]: readonly [number, number]): bigint {
  return ((1n << BigInt(high - low + 1)) - 1n) << BigInt(low);
}
