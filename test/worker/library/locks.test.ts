import { describe, expect, it } from 'vitest';
import { Locks } from '../../../src/worker/library/locks.ts';

/** Work that lasts until it is told to end, and notes when it begins and ends. */
function workshop() {
  const locks = new Locks();
  const log: string[] = [];
  const ends = new Map<string, () => void>();
  const work = (name: string) => () => {
    log.push(`${name} begins`);
    return new Promise<string>((resolve) => {
      ends.set(name, () => {
        log.push(`${name} ends`);
        resolve(name);
      });
    });
  };
  const settled = () => new Promise((resolve) => setTimeout(resolve));
  return { locks, log, work, end: (name: string) => ends.get(name)!(), settled };
}

describe('locks', () => {
  it('let any number look at once, and a change wait for them', async () => {
    const { locks, log, work, end, settled } = workshop();
    const done = [locks.look('a', work('look 1')), locks.look('a', work('look 2')), locks.change('a', work('change'))];
    await settled();
    end('look 1');
    await settled();
    end('look 2');
    await settled();
    end('change');
    expect(await Promise.all(done)).toEqual(['look 1', 'look 2', 'change']);
    expect(log).toEqual([
      'look 1 begins',
      'look 2 begins',
      'look 1 ends',
      'look 2 ends',
      'change begins',
      'change ends',
    ]);
  });

  it('do not let later looks overtake a waiting change', async () => {
    const { locks, log, work, end, settled } = workshop();
    const done = [locks.look('a', work('look 1')), locks.change('a', work('change')), locks.look('a', work('look 2'))];
    await settled();
    expect(log).toEqual(['look 1 begins']);
    end('look 1');
    await settled();
    end('change');
    await settled();
    end('look 2');
    await Promise.all(done);
    expect(log.filter((line) => line.endsWith('begins'))).toEqual(['look 1 begins', 'change begins', 'look 2 begins']);
  });

  it('keep images apart', async () => {
    const { locks, log, work, end, settled } = workshop();
    const done = [locks.change('a', work('a')), locks.change('b', work('b'))];
    await settled();
    expect(log).toEqual(['a begins', 'b begins']);
    end('b');
    end('a');
    await Promise.all(done);
  });

  it('go on after work that failed', async () => {
    const locks = new Locks();
    await expect(locks.change('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(await locks.change('a', async () => 'next')).toBe('next');
  });

  it('refuse whoever a hold is in the way of, those who wait already included', async () => {
    const { locks, log, work, end, settled } = workshop();
    const before = locks.look('a', work('look'));
    const holding = locks.hold('a', 'change', 'qemu-io a');
    const waiting = locks.look('a', work('never'));
    await settled();
    end('look');
    await before;
    const release = await holding;
    await expect(waiting).rejects.toMatchObject({ code: 'locked' });
    await expect(locks.change('a', work('never'))).rejects.toThrow('qemu-io a');
    await expect(locks.hold('a', 'look', 'qemu-img')).rejects.toMatchObject({ code: 'locked' });
    release();
    release();
    const after = locks.change('a', work('after'));
    await settled();
    end('after');
    await after;
    expect(log).toEqual(['look begins', 'look ends', 'after begins', 'after ends']);
  });

  it('let others look while a hold only looks', async () => {
    const { locks, work, end, settled } = workshop();
    const releases = [await locks.hold('a', 'look', 'one'), await locks.hold('a', 'look', 'two')];
    const looking = locks.look('a', work('look'));
    await settled();
    end('look');
    await looking;
    releases[0]!();
    await expect(locks.change('a', work('never'))).rejects.toThrow('two');
    releases[1]!();
    const changing = locks.change('a', work('change'));
    await settled();
    end('change');
    await changing;
  });
});
