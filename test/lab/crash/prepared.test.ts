import { describe, expect, it } from 'vitest';
import { crashPointOf, crashStateOf, recordingOf, reopeningOf, runScenario } from '#lab';
import { FIRST_SCENARIO, PREPARED_SCENARIOS } from '#protocol';

describe.each(PREPARED_SCENARIOS.map((prepared) => [prepared.name, prepared] as const))(
  'prepared scenario %s',
  (name, prepared) => {
    const run = runScenario(prepared.scenario);
    const { begin, end } = run.operations[prepared.cutIn.operation]!;
    const cut = begin + prepared.cutIn.eventInOperation;

    it('runs, and its handle stands within the trace', () => {
      expect(recordingOf(run).operations.map(({ error }) => error)).toEqual(run.operations.map(() => null));
      expect(cut).toBeLessThanOrEqual(end);
    });

    it.each(['none', 'all'] as const)('keeps its promises when %s of the atoms persist', (persisted) => {
      const point = crashPointOf(run, [{ cut, persisted }]);
      const promises = [...crashStateOf(point).violations, ...reopeningOf(point).violations];
      if (name === 'unsafe' && persisted === 'none') expect(promises).not.toEqual([]);
      else expect(promises).toEqual([]);
    });
  },
);

describe('a crash in the second write', () => {
  const run = runScenario(FIRST_SCENARIO);
  // After the second write's data: it lies in the disk's cache, and its mapping only in the engine's memory.
  const cut = run.operations[2]!.end;
  const crashes = [{ cut, persisted: [0, 1, 2] }];
  const state = crashStateOf(crashPointOf(run, crashes));

  it('leaves the dirty bit and refcounts behind', () => {
    expect(state).toMatchObject({ isDirty: true, verdict: 'repair', violations: [], ackedOperation: 2 });
    expect(state.check.messages).toContain('ERROR cluster 5 refcount=0 reference=1');
  });

  it('offers the sectors of the write as atoms, and the file that grew', () => {
    expect(state.atoms.map(({ label, isPersisted }) => `${isPersisted ? '+' : '-'} ${label}`)).toEqual([
      '+ cluster 6 sector 0',
      '+ cluster 6 sector 1',
      '+ cluster 6 sector 2',
      ...[3, 4, 5, 6, 7].map((sector) => `- cluster 6 sector ${sector}`),
      '- file size 0x7000',
    ]);
  });

  it('shows where each change is', () => {
    const rows = state.places.map(({ label, memory, cache, media }) => [label, memory, cache, media]);
    expect(rows).toEqual([
      ['header dirty bit', null, null, 'set'],
      ['refcount of cluster 5', '1', null, '0'],
      ['refcount of cluster 6', '1', null, '0'],
      ['L2[0][1]', '0x6000 copied', null, '0'],
      ['cluster 6 sectors 3–7', null, 'op 3', 'zeros'],
    ]);
  });

  it('loses nothing that was acknowledged', () => {
    expect(state.guest.runs).toEqual([
      { at: 0, length: 4096, status: 'acked-present', writtenBy: 0, holds: 'op 1' },
      { at: 4096, length: 4096, status: 'pending-lost', writtenBy: 2, holds: 'zeros' },
    ]);
  });

  it('is repaired step by step when the image is opened again', () => {
    const reopening = reopeningOf(crashPointOf(run, crashes));
    expect(reopening).toMatchObject({ outcome: 'repaired', error: null, isDirtyAfter: false, violations: [] });
    expect(reopening.stages.map(({ kind }) => kind)).toEqual([
      'scan',
      'compare',
      'write-new-refcount-blocks',
      'write-new-refcount-table',
      'switch-to-new-refcounts',
      'free-old-refcounts',
      'clear-dirty-bit',
    ]);
    expect(reopening.check.counters).toMatchObject({ corruptions: 0, leaks: 0 });
    expect(reopening.stages.at(-1)!.end).toBe(reopening.events.length);
  });

  it('can be followed by a crash inside the repair, and another', () => {
    const once = [...crashes, { cut: 3, persisted: 'none' as const }];
    const twice = [...once, { cut: 5, persisted: 'all' as const }];
    for (const list of [once, twice]) {
      const point = crashPointOf(run, list);
      expect(crashStateOf(point)).toMatchObject({ isDirty: true, violations: [] });
      expect(reopeningOf(point)).toMatchObject({ outcome: 'repaired', violations: [] });
      expect(reopeningOf(point).guest.runs[0]).toMatchObject({ status: 'acked-present', holds: 'op 1' });
    }
  });
});
