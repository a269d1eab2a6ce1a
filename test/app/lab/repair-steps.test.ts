import { PREPARED_SCENARIOS } from '#protocol';
import { describe, expect, it } from 'vitest';
import { clustersOf, repairMoment } from '../../../src/app/views/lab/repair-steps.ts';
import { newLab } from './lab-bench.ts';

describe('what the repair player shows', () => {
  it('is nothing before the first step, then the scan with what it reads', async () => {
    const { lab } = newLab();
    await lab.openPrepared(PREPARED_SCENARIOS[0]!);
    await lab.reopen();
    expect(repairMoment(lab.act!, 0, 4096)).toBeNull();
    const scan = repairMoment(lab.act!, 1, 4096)!;
    expect(scan.stage.kind).toBe('scan');
    expect(scan.latest).toBeNull();
    expect(scan.clusters.has(0)).toBe(true);
  });

  it('ends with the dirty bit cleared in the header and made durable', async () => {
    const { lab } = newLab();
    await lab.openPrepared(PREPARED_SCENARIOS[0]!);
    await lab.reopen();
    const end = repairMoment(lab.act!, lab.player.frameCount, 4096)!;
    expect(end.stage.kind).toBe('clear-dirty-bit');
    expect(end.done.map((event) => event.kind)).toEqual(['write', 'flush']);
    expect([...end.clusters]).toEqual([0]);
  });
});

describe('the clusters of an event', () => {
  const event = {
    seq: 0,
    purpose: 'guest-data',
    operation: 0,
    epoch: 0,
    label: '',
    changedSectors: 1,
    changes: [],
    changesOmitted: 0,
  } as const;

  it('are all that its bytes touch', () => {
    expect([...clustersOf({ ...event, kind: 'write', at: 4000, length: 200 }, 4096)]).toEqual([0, 1]);
    expect([...clustersOf({ ...event, kind: 'discard', at: 8192, length: 4096 }, 4096)]).toEqual([2]);
  });

  it('are none for a flush or a change of size', () => {
    expect(clustersOf({ ...event, kind: 'flush', at: 0, length: 0 }, 4096).size).toBe(0);
    expect(clustersOf({ ...event, kind: 'truncate', at: 8192, length: 0 }, 4096).size).toBe(0);
  });
});
