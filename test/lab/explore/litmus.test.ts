import { describe, expect, it } from 'vitest';
import { checkImage, drain } from '#engine';
import { explore, runScenario, type ScenarioRun } from '#lab';
import { isDataAtom } from '../../../src/lab/crash/crash-point.ts';
import { CrashMedia } from '../../../src/lab/disk/crash-media.ts';
import { segmentsOf } from '../../../src/lab/explore/segments.ts';
import { sequenceOf } from '../../../src/lab/trace/sequence.ts';
import { onLyingDisk } from '../lying-disk.ts';
import { scenarioFrom } from '../scenario-from.ts';

// The smallest story of lazy refcounts: one write into a new cluster, made durable, and a clean close. Its nine states
// show what each of the four flushes is for.
const run = runScenario(scenarioFrom({ cacheMode: 'writethrough', prepare: 'w4K.4K', operations: 'w0.4K-x' }));

/** Every subset of the metadata writes of each epoch; data and file size are there. Bad: clean, and refcounts missing. */
function countStates({ trace, scenario }: ScenarioRun): { states: number; bad: number } {
  let states = 0;
  let bad = 0;
  for (const { durable, atoms } of segmentsOf(trace, { fingerprint: 0, metadata: 0 }, scenario.disk)) {
    const media = new CrashMedia(durable, atoms);
    const isMetadata = atoms.map((atom) => atom.kind !== 'size' && !isDataAtom(atom, trace));
    const metadata = atoms.flatMap((_, index) => (isMetadata[index] ? [index] : []));
    atoms.forEach((_, index) => media.setPersisted(index, !isMetadata[index]));
    for (let subset = 0; subset < 2 ** metadata.length; subset++) {
      metadata.forEach((index, bit) => media.setPersisted(index, ((subset >> bit) & 1) === 1));
      const check = drain(checkImage(media));
      states++;
      if (!check.isDirty && check.counters.corruptions > 0) bad++;
    }
  }
  return { states, bad };
}

const losing = (...flushes: number[]) => onLyingDisk(run, (seq) => flushes.includes(seq));
const invariantsBroken = (broken: ScenarioRun) =>
  new Set(drain(explore(broken)).violations.map(({ invariant }) => invariant.split(' ')[0]));

describe('the nine states of one lazy write', () => {
  it('come from nine events', () => {
    expect(sequenceOf(run.trace.events)).toBe('DATA DIRTY F L2 F RB F CLEAN F');
  });

  it.each([
    ['with every flush', [], 9, 0],
    ['without the flush of the dirty bit', [2], 9, 1],
    ['without the flush that acknowledges the write', [4], 9, 0],
    ['without the flush of the refcounts', [6], 9, 1],
    ['without the last flush', [8], 8, 0],
    ['without any flush', [2, 4, 6, 8], 16, 3],
  ] as const)('%s', (_, lost, states, bad) => {
    expect(countStates(losing(...lost))).toEqual({ states, bad });
  });
});

describe('what each flush protects, as the explorer sees it', () => {
  it('all promises hold with every flush', () => {
    expect(drain(explore(run)).violations).toEqual([]);
  });

  it('without the flush of the dirty bit, clean no longer means clean', () => {
    expect(invariantsBroken(losing(2))).toContain('I2');
  });

  it('without the flush that acknowledges the write, acknowledged data is lost', () => {
    const broken = invariantsBroken(losing(4));
    expect(broken).toContain('I8');
    expect(broken).not.toContain('I2');
  });

  it('without the flush of the refcounts, clean no longer means clean', () => {
    expect(invariantsBroken(losing(6))).toContain('I2');
  });

  it('without the last flush only the clean mark can be lost, which costs a check and no data', () => {
    expect(invariantsBroken(losing(8))).toEqual(new Set());
  });
});
