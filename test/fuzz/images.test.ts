import { describe, expect, it } from 'vitest';
import { isSound } from './exercise.ts';
import { makeCase, runCase } from './fuzz-case.ts';

/** `FUZZ_SEED=7 FUZZ_COUNT=1` repeats one case. */
const FIRST_SEED = Number(process.env['FUZZ_SEED'] ?? 1);
const COUNT = Number(process.env['FUZZ_COUNT'] ?? 150);
const PER_TEST = 10;

describe('broken images', () => {
  it.each(Array.from({ length: Math.ceil(COUNT / PER_TEST) }, (_, index) => FIRST_SEED + index * PER_TEST))(
    'do no harm, seeds from %i',
    (first) => {
      for (let seed = first; seed < Math.min(first + PER_TEST, FIRST_SEED + COUNT); seed++) runCase(makeCase(seed));
    },
    60_000,
  );

  it('are of many kinds: some cannot be checked, some can be mended, some not', () => {
    const outcomes = new Set<string>();
    for (let seed = 1; seed < 40; seed++) {
      const { check, plan } = runCase(makeCase(seed));
      if (check === null) outcomes.add('cannot be opened');
      else if (plan !== null) outcomes.add(plan.refused !== null ? 'refused' : isSound(plan) ? 'mended' : 'not mended');
    }
    expect([...outcomes].sort()).toEqual(['cannot be opened', 'mended', 'not mended', 'refused']);
  });
});
