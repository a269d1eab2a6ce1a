import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { claimsOn, locksIn } from '../../src/node/claims.ts';

vi.mock('node:fs', { spy: true });

describe('what other programs have claimed', () => {
  it('is read from the list of all locks, without those that somebody only waits for', () => {
    const list = [
      '1: OFDLCK ADVISORY  READ -1 fe:00:2203538 100 101',
      '2: POSIX  ADVISORY  WRITE 4711 08:02:12 0 EOF',
      '2: -> POSIX  ADVISORY  WRITE 4712 08:02:12 0 0',
      '3: FLOCK  ADVISORY  WRITE 4713 08:02:13 0 EOF',
      '',
    ];
    expect(locksIn(list.join('\n'))).toEqual([
      { file: 'fe:00:2203538', start: 100, end: 101 },
      { file: '08:02:12', start: 0, end: Infinity },
    ]);
  });

  it('is nothing of a file that nobody has open, or that is not there', () => {
    const folder = mkdtempSync(join(tmpdir(), 'qcow2-workbench-'));
    try {
      writeFileSync(join(folder, 'file'), 'x');
      const nothing = { isWritten: false, isKept: false };
      expect([claimsOn(join(folder, 'file')), claimsOn(join(folder, 'none'))]).toEqual([nothing, nothing]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is looked at once for all files of a turn of the event loop, and anew in the next', async () => {
    await setImmediate();
    vi.mocked(readFileSync).mockClear();
    claimsOn('one');
    claimsOn('another');
    expect(readFileSync).toHaveBeenCalledTimes(1);
    await setImmediate();
    claimsOn('one');
    expect(readFileSync).toHaveBeenCalledTimes(2);
  });
});
