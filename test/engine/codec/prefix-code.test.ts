import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeLengths } from '../../../src/engine/codec/prefix-code.ts';
import { SEED } from '../../tools/seed.ts';

describe(`codeLengths, seed ${SEED}`, () => {
  it.each([
    ['nothing', [0, 0, 0], [0, 0, 0]],
    ['one symbol', [0, 9, 0], [0, 1, 0]],
    ['two symbols', [1, 0, 1000], [1, 0, 1]],
    ['halves', [8, 4, 2, 1, 1], [1, 2, 3, 4, 4]],
    ['equals', [5, 5, 5, 5], [2, 2, 2, 2]],
  ])('gives the known code for %s', (_name, frequencies, lengths) => {
    expect(lengthsOf(frequencies, 15)).toEqual(lengths);
  });

  it('limits lengths, at the cost of the rarest symbols', () => {
    const fibonacci = [1, 1, 2, 3, 5, 8, 13, 21, 34, 55];
    expect(lengthsOf(fibonacci, 15)).toEqual([9, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    expect(Math.max(...lengthsOf(fibonacci, 5))).toBe(5);
  });

  it('is a complete code within the limit, and optimal where the limit does not bind', () => {
    const frequencies = fc.array(fc.nat(5000), { minLength: 2, maxLength: 286 });
    fc.assert(
      fc.property(frequencies, fc.integer({ min: 9, max: 15 }), (frequencies, lengthMax) => {
        const lengths = lengthsOf(frequencies, lengthMax);
        const used = frequencies.filter((frequency) => frequency > 0).length;
        fc.pre(used > 1);
        expect(lengths.map((length) => length > 0)).toEqual(frequencies.map((frequency) => frequency > 0));
        expect(lengths.reduce((space, length) => space + (length === 0 ? 0 : 2 ** -length), 0)).toBe(1);
        expect(Math.max(...lengths)).toBeLessThanOrEqual(lengthMax);
        const cost = lengths.reduce((bits, length, i) => bits + length * frequencies[i]!, 0);
        const best = huffmanCost(frequencies);
        if (Math.max(...lengths) < lengthMax) expect(cost).toBe(best);
        else expect(cost).toBeGreaterThanOrEqual(best);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });
});

function lengthsOf(frequencies: readonly number[], lengthMax: number): number[] {
  const lengths = new Uint8Array(frequencies.length);
  codeLengths(Uint32Array.from(frequencies), frequencies.length, lengthMax, lengths);
  return [...lengths];
}

/** Huffman's own method: the two rarest are joined until one is left; the cost is the sum of what was joined. */
function huffmanCost(frequencies: readonly number[]): number {
  const open = frequencies.filter((frequency) => frequency > 0);
  let cost = 0;
  while (open.length > 1) {
    open.sort((a, b) => b - a);
    const joined = open.pop()! + open.pop()!;
    cost += joined;
    open.push(joined);
  }
  return cost;
}
