import { describe, expect, it } from 'vitest';
import { Activities } from '../../../src/app/state/activities.svelte.ts';

describe('Activities', () => {
  it('shows work while it runs and its end afterwards', async () => {
    const activities = new Activities();
    let finish = () => {};
    const work = activities.run('Checking a.qcow2', ({ onProgress }) => {
      onProgress({ phase: 'walk', done: 1, total: 4 });
      return new Promise<string>((resolve) => (finish = () => resolve('done')));
    });
    expect(activities.running.map(({ title, fraction }) => [title, fraction])).toEqual([['Checking a.qcow2', 0.25]]);
    finish();
    expect(await work).toBe('done');
    expect(activities.running).toEqual([]);
    expect(activities.list[0]!.state).toBe('done');
  });

  it('tells a cancelled activity from a failed one', async () => {
    const activities = new Activities();
    const failing = activities.run('fails', () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    const cancelled = activities.run('cancelled', ({ signal }) => {
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('cancelled'))));
    });
    activities.list[0]!.cancel();
    await expect(cancelled).rejects.toThrow('cancelled');
    expect(activities.list.map(({ state }) => state)).toEqual(['cancelled', 'failed']);
  });

  it('keeps the end that the work itself has told', async () => {
    const activities = new Activities();
    await activities.run('ended by its user', (activity) => {
      activity.end('cancelled');
      return Promise.resolve(130);
    });
    expect(activities.list[0]!.state).toBe('cancelled');
  });

  it('has no fraction while the total is unknown', async () => {
    const activities = new Activities();
    await activities.run('counts', async (activity) => {
      activity.onProgress({ phase: 'walk', done: 7, total: 0 });
      expect(activity.fraction).toBeNull();
    });
  });
});
