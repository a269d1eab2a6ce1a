import { describe, expect, it, vi } from 'vitest';
import { drain, type CacheMode } from '#engine';
import { explore, runScenario, type DiskModel, type ExploreOptions, type ScenarioRun } from '#lab';
import { scenarioFrom } from '../scenario-from.ts';

// Thousands of images are opened, checked and repaired here; the machine may be busy with other tests.
vi.setConfig({ testTimeout: 60_000 });

/** Small guests that between them reach every structure that a write can change. */
const WORKLOADS: Record<string, { image: string; prepare?: string; operations: string }> = {
  'writes and flushes': { image: '1M.4K.16.v3', operations: 'w0.4K-f-w4K.4K-w8K.4K-f-x' },
  'partial writes over a backing file': {
    image: '1M.4K.16.v3.backing',
    operations: 'w1K.1K-f-w5K.1K-w8K.4K-f-w9K.1K-x',
  },
  'discard, then reuse': {
    image: '1M.4K.16.v3',
    prepare: 'w0.16K',
    operations: 'd0.4K-w64K.4K-f-w68K.4K-f-d4K.8K-f-w72K.4K-w80K.4K-f-x',
  },
  'compressed clusters, overwritten': {
    image: '1M.4K.16.v3',
    prepare: 'c0.12K',
    operations: 'w0.4K-f-w5K.1K-c16K.4K-w8K.4K-f-x',
  },
  'zeroes, kept and unmapped': {
    image: '1M.4K.16.v3',
    prepare: 'w0.16K',
    operations: 'z0.4K-u4K.4K-f-w0.2K-w32K.4K-f-u8K.8K-f-w40K.4K-f-x',
  },
  'new L2 tables': { image: '256K.512.16.v3', operations: 'w0.512-w32K.512-f-w64K.1K-w512.512-f-x' },
  'a new refcount block': { image: '256K.512.16.v3', prepare: 'w0.120K', operations: 'w128K.4K-f-w136K.2K-f-x' },
  'a larger refcount table': { image: '3M.512.64.v3', prepare: 'w0.1970K', operations: 'w2M.16K-f-x' },
  subclusters: {
    image: '1M.16K.16.v3.ext',
    prepare: 'w0.16K',
    operations: 'w16K.512-f-w17K.1K-f-z0.1K-w512.512-f-d0.16K-f-x',
  },
  'closed and opened again': { image: '1M.4K.16.v3', operations: 'w0.4K-x-w4K.4K-f-x' },
  'narrow refcounts': { image: '1M.4K.1.v3', prepare: 'w0.8K', operations: 'w8K.4K-d0.4K-f-w12K.4K-f-x' },
};

const MODES: readonly CacheMode[] = ['writeback', 'writethrough'];

/** What was broken, a line each with the crashes that show it; empty for a sound engine. */
function broken(run: ScenarioRun, options: ExploreOptions = {}): string[] {
  expect(run.operations.flatMap(({ error }) => error ?? [])).toEqual([]);
  const { violations, epochs } = drain(explore(run, options));
  expect(epochs.every((epoch) => epoch.isExhaustive)).toBe(true);
  return violations.map((v) => `${v.invariant}: ${v.sentence} ${JSON.stringify(v.crashes)}`);
}

describe.each(Object.entries(WORKLOADS))('every crash of %s', (_, { image, ...workload }) => {
  it.each(MODES)('%s, eager: keeps all promises', (cacheMode) => {
    expect(broken(runScenario(scenarioFrom({ ...workload, image, cacheMode })))).toEqual([]);
  });

  it('writeback, lazy: keeps all promises, in the repair too', () => {
    const scenario = scenarioFrom({ ...workload, image: `${image}.lazy` });
    // The larger refcount table needs an image of thousands of clusters; its repair is like the others'.
    const repairDepth = image.startsWith('3M') ? 0 : 1;
    expect(broken(runScenario(scenario), { repairStatesMax: 16, repairDepth })).toEqual([]);
  });

  it('writethrough, lazy: keeps all promises', () => {
    const scenario = scenarioFrom({ ...workload, image: `${image}.lazy`, cacheMode: 'writethrough' });
    expect(broken(runScenario(scenario), { repairDepth: 0 })).toEqual([]);
  });
});

describe.each<Partial<DiskModel>>([
  { order: 'in-order' },
  { atomicUnit: 4096 },
  { atomicUnit: 'write' },
  { cache: 'write-through' },
])('a disk of another kind: %j', (disk) => {
  it('breaks no promise either', () => {
    const { image, ...workload } = WORKLOADS['discard, then reuse']!;
    expect(
      broken(runScenario(scenarioFrom({ ...workload, image: `${image}.lazy`, disk })), { repairStatesMax: 16 }),
    ).toEqual([]);
  });
});

describe('version 2', () => {
  it('keeps all promises', () => {
    const operations = 'w0.4K-f-d0.4K-f-w4K.4K-w8K.2K-f-x';
    expect(broken(runScenario(scenarioFrom({ image: '1M.4K.16.v2', operations })))).toEqual([]);
  });
});

describe('the explorer itself', () => {
  it('finds what cache=unsafe breaks', () => {
    const scenario = scenarioFrom({ cacheMode: 'unsafe', operations: 'w0.4K-f-w4K.4K-f-x' });
    const { violations } = drain(explore(runScenario(scenario), { statesMax: 64, repairDepth: 0 }));
    expect(new Set(violations.map(({ invariant }) => invariant.split(' ')[0]))).toContain('I8');
  });

  it('says the same twice', () => {
    const scenario = scenarioFrom({ operations: 'w0.4K-f-w4K.4K-x' });
    const [first, second] = [1, 2].map(() => drain(explore(runScenario(scenario), { repairStatesMax: 8 })));
    expect(first).toEqual(second);
  });

  it('goes two crashes deep into the repair', () => {
    const scenario = scenarioFrom({ prepare: 'w16K.4K', operations: 'w0.4K-f' });
    const once = drain(explore(runScenario(scenario), { repairDepth: 1, repairStatesMax: 16 }));
    const twice = drain(explore(runScenario(scenario), { repairDepth: 2, repairStatesMax: 16 }));
    expect(twice.violations).toEqual([]);
    expect(twice.repairStatesChecked).toBeGreaterThanOrEqual(once.repairStatesChecked);
    expect(once.repairStatesChecked).toBeGreaterThan(0);
  });

  it('samples where there are too many states, and says so', () => {
    const scenario = scenarioFrom({
      image: '4M.512.16.v3',
      cacheMode: 'unsafe',
      operations: 'w0.512-w32K.512-w64K.512-f',
    });
    const { epochs, statesChecked } = drain(explore(runScenario(scenario), { statesMax: 100, repairDepth: 0 }));
    expect(epochs.map(({ isExhaustive }) => isExhaustive)).toEqual([false]);
    expect(statesChecked).toBeLessThanOrEqual(300);
  });
});
