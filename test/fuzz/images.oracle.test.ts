import { describe, expect, it } from 'vitest';
import { casesFrom } from './fuzz-case.ts';
import { judge } from './judge.ts';

/** `FUZZ_SEED=7 FUZZ_COUNT=1` repeats one case. */
const FIRST_SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const COUNT = Number(process.env['FUZZ_COUNT'] ?? 60);
const PER_TEST = 20;

describe('broken images get the same words, verdicts and data from our qemu-img as from QEMU', () => {
  it.each(Array.from({ length: Math.ceil(COUNT / PER_TEST) }, (_, index) => FIRST_SEED + index * PER_TEST))(
    'seeds from %i',
    async (first) => {
      const count = Math.min(PER_TEST, FIRST_SEED + COUNT - first);
      expect((await judge(casesFrom(first, count))).defects).toEqual([]);
    },
  );
});
