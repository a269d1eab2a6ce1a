import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { crashPointOf, exportCrash, runScenario, type Crash, type ScenarioRun } from '#lab';
import { cutTrace } from '../../../src/lab/crash/crash-point.ts';
import { randomFrom } from '../../../src/lab/explore/enumerate.ts';
import { qemuImg, Scratch } from '../../tools/qemu.ts';
import { scenarioFrom } from '../scenario-from.ts';

const SEED = 20;
const STATES_PER_SCENARIO = 16;

const SCENARIOS = {
  'lazy writes': scenarioFrom({ operations: 'w0.4K-f-w4K.4K-w8K.4K-f-x' }),
  'eager writes': scenarioFrom({ image: '1M.4K.16.v3', operations: 'w0.4K-f-w4K.4K-w8K.4K-f-x' }),
  'lazy discard and reuse': scenarioFrom({
    prepare: 'w0.16K',
    operations: 'd0.4K-w64K.4K-f-w68K.4K-f-d4K.8K-f-w72K.4K-f-x',
  }),
  'lazy over a backing file': scenarioFrom({ image: '1M.4K.16.v3.lazy.backing', operations: 'w1K.1K-f-w5K.1K-f-x' }),
  'compressed clusters': scenarioFrom({ prepare: 'c0.12K', operations: 'w0.4K-f-c16K.4K-w8K.4K-f-x' }),
  'many small L2 tables': scenarioFrom({ image: '256K.512.16.v3.lazy', operations: 'w0.512-w32K.512-f-w64K.1K-f-x' }),
  'version 2': scenarioFrom({ image: '1M.4K.16.v2', operations: 'w0.4K-f-d0.4K-f-w4K.4K-f-x' }),
  'no flush at all': scenarioFrom({ cacheMode: 'unsafe', operations: 'w0.4K-f-w4K.4K-f-d0.4K-f-w8K.4K-f-x' }),
};

const random = randomFrom(SEED);
const scratch = new Scratch();
afterAll(() => scratch.remove());

/** A cut anywhere, with any subset of what was open then. */
function randomCrash(run: ScenarioRun): Crash {
  const cut = Math.floor(random() * (run.trace.events.length + 1));
  const { epoch } = cutTrace(run, run.trace, { cut, persisted: 'none' }, cut, 0);
  return { cut, persisted: epoch.atoms.flatMap((_, index) => (random() < 0.5 ? [index] : [])) };
}

/** What the real qemu-img says of an exported state, beside what was foretold. */
function verdicts(run: ScenarioRun, crash: Crash, { repaired }: { repaired: boolean }) {
  const exported = exportCrash(crashPointOf(run, [crash]), { repaired });
  for (const { name, bytes } of exported.files) writeFileSync(scratch.path(name), bytes);
  const { stderr, stdout, code } = qemuImg('check', scratch.path(exported.files[0]!.name));
  const state = `seed ${SEED}, ${JSON.stringify(crash)}`;
  return {
    foretold: { state, transcript: exported.expectedTranscript.trimEnd(), exitCode: exported.expectedExitCode },
    said: { state, transcript: (stderr + stdout).trimEnd(), exitCode: code },
  };
}

describe.each(Object.entries(SCENARIOS))('exported crash images of %s', (_, scenario) => {
  const run = runScenario(scenario);
  const crashes = Array.from({ length: STATES_PER_SCENARIO }, () => randomCrash(run));

  it('are to qemu-img check what the lab says they are', () => {
    for (const crash of crashes) {
      const { foretold, said } = verdicts(run, crash, { repaired: false });
      expect(said).toEqual(foretold);
    }
  });

  // cache=unsafe promises nothing, a sound image after the repair neither.
  if (scenario.cacheMode === 'unsafe') return;

  it('are sound to qemu-img check once they are repaired', () => {
    for (const crash of crashes.slice(0, 4)) {
      const { foretold, said } = verdicts(run, crash, { repaired: true });
      expect(said).toEqual(foretold);
      expect([0, 3]).toContain(said.exitCode);
    }
  });
});
