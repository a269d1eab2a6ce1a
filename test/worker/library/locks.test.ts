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
});
