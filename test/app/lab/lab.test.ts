import { FIRST_SCENARIO, PREPARED_SCENARIOS } from '#protocol';
import { describe, expect, it } from 'vitest';
import { placeParams, readPlace } from '../../../src/app/views/lab/lab-address.ts';
import { newLab, settled } from './lab-bench.ts';

describe('the lab', () => {
  it('shows the end of the workload at first, with the power on', async () => {
    const { lab } = newLab();
    await lab.setScenario(FIRST_SCENARIO, null);
    expect(lab.isCut).toBe(false);
    expect(lab.cut).toBe(lab.recording!.events.length);
    expect(lab.state!.isDirty).toBe(false);
  });

  it('lands in the second write of the prepared crash, dirty, with nothing acknowledged lost', async () => {
    const { lab } = newLab();
    await lab.openPrepared(PREPARED_SCENARIOS[0]!);
    expect(lab.isCut).toBe(true);
    expect(lab.state!.isDirty).toBe(true);
    expect(lab.state!.violations).toEqual([]);
  });

  it('keeps what persisted while the cut moves inside an epoch, and forgets it beyond', async () => {
    const { lab } = newLab();
    await lab.openPrepared(PREPARED_SCENARIOS[0]!);
    lab.setPersisted([0]);
    lab.moveTo(lab.stop + 1);
    await settled(lab);
    expect(lab.crashes.at(-1)!.persisted).toEqual([0]);
    expect(lab.state!.atoms.filter((atom) => atom.isPersisted)).toHaveLength(1);
    lab.moveTo(0);
    expect(lab.crashes.at(-1)).toEqual({ cut: 0, persisted: 'none' });
  });

  it('repairs, crashes inside the repair, and repairs again to the same end', async () => {
    const { lab } = newLab();
    await lab.openPrepared(PREPARED_SCENARIOS[0]!);
    const cut = lab.crashes[0]!.cut;
    await lab.reopen();
    expect(lab.actIndex).toBe(1);
    expect(lab.reopening!.outcome).toBe('repaired');
    const repaired = lab.reopening!.guest;
    lab.moveTo(lab.player.frameCount - 2);
    lab.pullPlug();
    await settled(lab);
    expect(lab.crashes).toHaveLength(2);
    await lab.reopen();
    expect(lab.actIndex).toBe(2);
    expect(lab.reopening!.isDirtyAfter).toBe(false);
    expect(lab.reopening!.guest).toEqual(repaired);
    lab.backTo(0);
    await settled(lab);
    expect(lab.crashes).toEqual([{ cut, persisted: 'none' }]);
    expect(lab.cut).toBe(cut);
  });

  it('comes back to the same moment from its address', async () => {
    const { lab } = newLab();
    await lab.openPrepared(PREPARED_SCENARIOS[0]!);
    lab.setPersisted([0, 2]);
    await lab.reopen();
    lab.moveTo(2);
    const params = placeParams(lab.place(null));
    const { lab: another } = newLab();
    await another.open(readPlace(params)!);
    expect(placeParams(another.place(null))).toEqual(params);
    expect(another.crashes).toEqual(lab.crashes);
    expect(another.stop).toBe(2);
    expect(another.act!.kind).toBe('repair');
  });

  it('voids crashes when the workload changes', async () => {
    const { lab } = newLab();
    await lab.openPrepared(PREPARED_SCENARIOS[0]!);
    await lab.setScenario({ ...FIRST_SCENARIO, cacheMode: 'writethrough' });
    expect(lab.crashes).toEqual([]);
    expect(lab.recording!.scenario.cacheMode).toBe('writethrough');
  });

  it('shows only the last of two scenarios chosen one right after the other', async () => {
    const { lab } = newLab();
    const first = lab.setScenario({ ...FIRST_SCENARIO, cacheMode: 'unsafe' });
    const second = lab.setScenario({ ...FIRST_SCENARIO, cacheMode: 'directsync' });
    await Promise.all([first, second]);
    expect(lab.recording!.scenario.cacheMode).toBe('directsync');
    expect(lab.isRunning).toBe(false);
  });

  it('plays the recording to its end', async () => {
    const { lab } = newLab();
    await lab.setScenario(FIRST_SCENARIO, null);
    lab.togglePlay();
    expect(lab.stop).toBe(0);
    for (let frame = 0; frame < lab.player.frameCount; frame++) lab.tick();
    expect(lab.player.isPlaying).toBe(false);
    expect(lab.stop).toBe(lab.player.frameCount);
  });

  it('tells the guide what was seen', async () => {
    const { lab, guide } = newLab();
    guide.goTo(0);
    await lab.openPrepared(PREPARED_SCENARIOS[0]!);
    expect(guide.isDone).toBe(false);
    lab.setPersisted('all');
    await settled(lab);
    expect(guide.isDone).toBe(true);
  });
});
