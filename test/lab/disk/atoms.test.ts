import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '#engine';
import type { DiskModel } from '#lab';
import { atomsOf, openEpochAt } from '../../../src/lab/disk/atoms.ts';
import { ScratchStorage } from '../../../src/lab/disk/scratch-storage.ts';
import { RecordingStorage } from '../../../src/lab/trace/recording-storage.ts';

const DISK: DiskModel = { cache: 'volatile', atomicUnit: 512, order: 'any' };

function onDiskOf(size: number) {
  const base = MemoryStorage.from(new Uint8Array(size));
  return { base, recorder: new RecordingStorage(new ScratchStorage(base)) };
}

const filled = (length: number, fill = 1) => new Uint8Array(length).fill(fill);

describe('the atoms of an epoch', () => {
  it('are the sectors of each write', () => {
    const { base, recorder } = onDiskOf(8192);
    recorder.write(1024, filled(1536), 'guest-data');
    expect(atomsOf(recorder.events, 0, base, DISK)).toMatchObject([{ at: 1024 }, { at: 1536 }, { at: 2048 }]);
  });

  it('leave out sectors that a write does not change', () => {
    const { base, recorder } = onDiskOf(8192);
    const table = new Uint8Array(4096);
    table[2000] = 1;
    recorder.write(0, table, 'l2-update');
    expect(atomsOf(recorder.events, 0, base, DISK)).toMatchObject([{ kind: 'sectors', at: 1536 }]);
  });

  it('carry along the rest of a sector that is written in part', () => {
    const { base, recorder } = onDiskOf(1024);
    recorder.write(8, filled(8, 1), 'l1-update');
    recorder.write(16, filled(8, 2), 'l1-update');
    const [, second] = atomsOf(recorder.events, 0, base, DISK);
    expect(second).toMatchObject({ at: 0 });
    expect(Array.from((second as { bytes: Uint8Array }).bytes.subarray(6, 26))).toEqual([
      0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0,
    ]);
  });

  it('are as large as the disk writes at once', () => {
    const { base, recorder } = onDiskOf(16384);
    recorder.write(2048, filled(4096), 'guest-data');
    expect(atomsOf(recorder.events, 0, base, { ...DISK, atomicUnit: 4096 })).toMatchObject([
      { at: 2048, bytes: { length: 2048 } },
      { at: 4096, bytes: { length: 2048 } },
    ]);
    expect(atomsOf(recorder.events, 0, base, { ...DISK, atomicUnit: 'write' })).toHaveLength(1);
  });

  it('include the size of a file that grew', () => {
    const { base, recorder } = onDiskOf(512);
    recorder.write(512, filled(100), 'guest-data');
    expect(atomsOf(recorder.events, 0, base, DISK)).toMatchObject([
      { kind: 'sectors', at: 512, bytes: { length: 100 } },
      { kind: 'size', size: 612 },
    ]);
  });

  it('include a hole where something stood', () => {
    const { base, recorder } = onDiskOf(4096);
    recorder.discard(0, 512, 'discard');
    expect(atomsOf(recorder.events, 0, base, DISK)).toEqual([]);
    recorder.write(0, filled(512), 'guest-data');
    recorder.discard(0, 512, 'discard');
    expect(atomsOf(recorder.events, 0, base, DISK)).toMatchObject([{ kind: 'sectors' }, { kind: 'hole', length: 512 }]);
  });
});

describe('the open epoch at a cut', () => {
  it('begins after the last flush before it; everything earlier is durable', () => {
    const { base, recorder } = onDiskOf(4096);
    recorder.write(0, filled(512, 1), 'guest-data');
    recorder.flush('flush-guest');
    recorder.write(512, filled(512, 2), 'guest-data');
    const epoch = openEpochAt({ base, events: recorder.events }, 3, DISK);
    const durable = new Uint8Array(1024);
    epoch.durable.read(0, durable);
    expect([epoch.begin, durable[0], durable[512]]).toEqual([2, 1, 0]);
    expect(epoch.atoms).toMatchObject([{ event: 2, at: 512 }]);
  });

  it('is only the write under way on a disk without a volatile cache', () => {
    const { base, recorder } = onDiskOf(4096);
    recorder.write(0, filled(512), 'guest-data');
    recorder.write(512, filled(512), 'guest-data');
    const epoch = openEpochAt({ base, events: recorder.events }, 2, { ...DISK, cache: 'write-through' });
    expect(epoch.atoms).toMatchObject([{ event: 1 }]);
  });
});
