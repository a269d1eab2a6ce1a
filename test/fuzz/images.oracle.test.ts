import { describe, expect, it } from 'vitest';
import { casesOf, seedsFrom } from './fuzz-case.ts';
import { judge } from './judge.ts';
import { ONCE_REPORTED, TOUR } from './tour.ts';

/** `FUZZ_SEED=7 FUZZ_COUNT=1` repeats one case. */
const FIRST_SEED = process.env['FUZZ_SEED'];
const SEEDS =
  FIRST_SEED === undefined
    ? [...TOUR, ...ONCE_REPORTED]
    : seedsFrom(Number(FIRST_SEED), Number(process.env['FUZZ_COUNT'] ?? 60));
const PER_TEST = 20;

describe('broken images get the same words, verdicts and data from our qemu-img as from QEMU', () => {
  it.each(Array.from({ length: Math.ceil(SEEDS.length / PER_TEST) }, (_, index) => index * PER_TEST))(
    'from the seed at %i on',
    async (first) => {
      expect((await judge(casesOf(SEEDS.slice(first, first + PER_TEST)))).defects).toEqual([]);
    },
  );
});
