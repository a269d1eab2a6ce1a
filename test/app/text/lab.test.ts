import type { CrashState } from '#protocol';
import { describe, expect, it } from 'vitest';
import {
  costSentence,
  formatMicroseconds,
  operationShort,
  promiseSentence,
  violationSentence,
} from '../../../src/app/text/lab.ts';

const guest = (sectors: number[], unreadable: string | null = null): Pick<CrashState, 'guest'> => ({
  guest: { runs: [], sectors, unreadable },
});

describe('the promise to the guest in words', () => {
  it('says that everything acknowledged is there', () => {
    expect(promiseSentence(guest([8, 0, 0, 0, 0]))).toBe('Everything acknowledged is still there (8 sectors).');
  });

  it('calls the loss of what was never acknowledged allowed', () => {
    expect(promiseSentence(guest([0, 0, 1, 0, 0]))).toBe(
      'Nothing had been acknowledged as durable yet. 1 sector never acknowledged is gone, as allowed.',
    );
  });

  it('says first what was promised and lost', () => {
    expect(promiseSentence(guest([6, 0, 0, 2, 0]))).toBe('2 of 8 acknowledged sectors are gone.');
  });

  it('gives the engine’s reason when nothing can be read', () => {
    expect(promiseSentence(guest([0, 0, 0, 0, 0], 'L1 table is too small'))).toContain('L1 table is too small');
  });

  it('counts the broken promises behind the first', () => {
    expect(violationSentence(['First.', 'Second.'])).toBe('First. 1 more promise is broken.');
  });
});

describe('the cost in words', () => {
  it.each([
    [{ writes: 10, flushes: 5 }, { writes: 8, flushes: 3 }, 'save 2 writes and 2 flushes'],
    [{ writes: 10, flushes: 5 }, { writes: 11, flushes: 6 }, 'cost 1 write and 1 flush more'],
    [{ writes: 10, flushes: 5 }, { writes: 10, flushes: 5 }, 'neither save nor cost'],
    [{ writes: 10, flushes: 5 }, { writes: 11, flushes: 3 }, '+1 writes, −2 flushes'],
  ])('%j against %j: %s', (eager, lazy, words) => {
    expect(costSentence('writeback', eager, lazy)).toContain(words);
  });

  it.each([
    [0, '0 µs'],
    [220, '220 µs'],
    [5200, '5.20 ms'],
    [1_234_000, '1.23 s'],
  ])('%d µs reads as %s', (microseconds, words) => {
    expect(formatMicroseconds(microseconds)).toBe(words);
  });
});

describe('an operation in short', () => {
  it('says where and how much, and nothing for a flush', () => {
    expect(operationShort({ kind: 'write', at: 4096, length: 4096 })).toBe('write 4K+4K');
    expect(operationShort({ kind: 'write-zeroes', at: 0, length: 512, unmap: true })).toBe('zeroes 0+512');
    expect(operationShort({ kind: 'flush' })).toBe('flush');
  });
});
