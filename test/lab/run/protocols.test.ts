import { describe, expect, it } from 'vitest';
import { CACHE_MODES, type CacheMode } from '#engine';
import { recordingOf, runScenario } from '#lab';
import { scenarioFrom, type ScenarioText } from '../scenario-from.ts';

// What the engine writes, operation by operation. QEMU 7.2's own sequences stand beside each group; ours are equal or
// shorter. DATA guest data · COW data with what was copied around it · RB refcount block · L2, L1 tables · new: a table
// that nothing points to yet · DIRTY, CLEAN the dirty bit · PUNCH a hole where a freed cluster was · F flush.

/** The sequence of each operation. */
function sequences(text: ScenarioText): string[] {
  const run = runScenario(scenarioFrom(text));
  expect(run.operations.map((operation) => operation.error)).toEqual(run.operations.map(() => null));
  return recordingOf(run).operations.map(({ sequence }) => sequence);
}

const LAZY = '64M.64K.16.v3.lazy';
const EAGER = '64M.64K.16.v3';
const SYNC_MODES: readonly CacheMode[] = ['writethrough', 'directsync'];
const BUFFERED_MODES: readonly CacheMode[] = ['writeback', 'none'];

describe('one allocating write and a flush, where the L2 table exists', () => {
  const scenario = { prepare: 'w0.64K', operations: 'w64K.64K-f-x' };

  it('lazily: data and dirty bit, then the L2 entry, and refcounts only at the close', () => {
    // QEMU: DATA DIRTY F | L2 F | RB F CLEAN F
    expect(sequences({ ...scenario, image: LAZY })).toEqual(['DATA DIRTY F', 'L2 F', 'RB F CLEAN F']);
  });

  it('eagerly: data and refcount, then the L2 entry', () => {
    // QEMU: DATA | RB F L2 F | nothing
    expect(sequences({ ...scenario, image: EAGER })).toEqual(['DATA', 'RB F L2 F', '']);
  });
});

describe('the first writes into an empty image', () => {
  const operations = 'w0.64K-w64K.64K-f-x';

  describe.each(SYNC_MODES)('%s', (cacheMode) => {
    it('eagerly', () => {
      // QEMU: RB F L2new F L1 F DATA RB F L2 F | DATA RB F L2 F | nothing | nothing
      expect(sequences({ image: EAGER, cacheMode, operations })).toEqual([
        'RB L2new F L1 DATA RB F L2 F',
        'DATA RB F L2 F',
        '',
        '',
      ]);
    });

    it('lazily, each later write costs one write and one flush less', () => {
      // QEMU: RB F L2new F L1 F DATA DIRTY F L2 F | DATA L2 F | nothing | RB F CLEAN F
      expect(sequences({ image: LAZY, cacheMode, operations })).toEqual([
        'RB L2new F L1 DATA DIRTY F L2 F',
        'DATA L2 F',
        '',
        'RB F CLEAN F',
      ]);
    });
  });

  describe.each(BUFFERED_MODES)('%s', (cacheMode) => {
    it('eagerly', () => {
      // QEMU: RB F L2new F L1 F DATA | DATA | RB F L2 F | nothing
      expect(sequences({ image: EAGER, cacheMode, operations })).toEqual([
        'RB L2new F L1 DATA',
        'DATA',
        'RB F L2 F',
        '',
      ]);
    });

    it('lazily', () => {
      // QEMU: RB F L2new F L1 F DATA DIRTY F | DATA | L2 F | L2 F RB F CLEAN F
      expect(sequences({ image: LAZY, cacheMode, operations })).toEqual([
        'RB L2new F L1 DATA DIRTY F',
        'DATA',
        'L2 F',
        'RB F CLEAN F',
      ]);
    });
  });

  it.each([EAGER, LAZY])('unsafe: the same writes as writeback, and no flush (%s)', (image) => {
    const withoutFlushes = sequences({ image, operations }).map((sequence) =>
      sequence
        .split(' ')
        .filter((word) => word !== 'F')
        .join(' '),
    );
    expect(sequences({ image, cacheMode: 'unsafe', operations })).toEqual(withoutFlushes);
  });
});

describe('a second L2 table', () => {
  it('brings refcounts home under the dirty bit too', () => {
    // QEMU: RB F L2new F L1 F DATA DIRTY F | RB F L2new F L1 F DATA | L2 L2 F | RB F CLEAN F
    expect(sequences({ image: '64M.4K.16.v3.lazy', operations: 'w0.4K-w2M.4K-f-x' })).toEqual([
      'RB L2new F L1 DATA DIRTY F',
      'L2new F RB L1 DATA',
      'L2 L2 F',
      'RB F CLEAN F',
    ]);
  });
});

describe.each(CACHE_MODES.filter((mode) => mode !== 'unsafe'))('an overwrite in %s', (cacheMode) => {
  it('touches no metadata, lazily or eagerly', () => {
    // QEMU: DATA F
    for (const image of [EAGER, LAZY]) {
      expect(sequences({ image, cacheMode, prepare: 'w0.64K', operations: 'w4K.4K-f' }).join(' ').trim()).toBe(
        'DATA F',
      );
    }
  });
});

describe('copy on write over a backing file', () => {
  const scenario = { prepare: 'w256K.64K', operations: 'w4K.4K-f-w68K.4K-f-x' };

  it('lazily: the copy is durable before the L2 entry names it', () => {
    // QEMU: COW DIRTY F | L2 F | COW | F L2 F | RB F CLEAN F
    expect(sequences({ ...scenario, image: `${LAZY}.backing` })).toEqual([
      'COW DIRTY F',
      'L2 F',
      'COW',
      'F L2 F',
      'RB F CLEAN F',
    ]);
  });

  it('eagerly, the flush for the refcount does it', () => {
    // QEMU: COW | RB F L2 F | COW | RB F L2 F | nothing
    expect(sequences({ ...scenario, image: `${EAGER}.backing` })).toEqual(['COW', 'RB F L2 F', 'COW', 'RB F L2 F', '']);
  });
});

describe('a discard', () => {
  const scenario = { prepare: 'w0.256K', operations: 'd0.64K-f-w512K.64K-f-x' };

  it('punches the hole only when the release is durable, and reuses the cluster only then', () => {
    // QEMU: PUNCH | L2 F RB F | DATA … : the hole first, and the cluster at once
    expect(sequences({ ...scenario, image: EAGER })).toEqual(['', 'L2 F PUNCH RB F', 'DATA', 'RB F L2 F', '']);
    expect(sequences({ ...scenario, image: LAZY })).toEqual([
      '',
      'L2 F PUNCH RB F',
      'DATA DIRTY F',
      'L2 F',
      'RB F CLEAN F',
    ]);
  });
});

describe('write-zeroes over an allocated cluster', () => {
  it('changes only the L2 entry', () => {
    // QEMU: L2 F
    expect(sequences({ image: EAGER, prepare: 'w0.64K', operations: 'z0.64K-f' })).toEqual(['', 'L2 F']);
  });

  it('with unmap frees the cluster', () => {
    // QEMU: PUNCH L2 F RB F
    expect(sequences({ image: EAGER, prepare: 'w0.64K', operations: 'u0.64K-f' })).toEqual(['', 'L2 F PUNCH RB F']);
  });
});

describe('a compressed write', () => {
  it('keeps refcounts ahead of the mapping even lazily, and never sets the dirty bit', () => {
    // QEMU: CDATA | RB F L2 F
    expect(sequences({ image: LAZY, prepare: 'w64K.64K', operations: 'c0.64K-f-x' })).toEqual([
      'CDATA',
      'RB F L2 F',
      '',
    ]);
  });
});
