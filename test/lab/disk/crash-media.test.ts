import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryStorage, type Storage } from '#engine';
import { expectBytes } from '../../engine/storage/contract-cases.ts';
import { atomsOf } from '../../../src/lab/disk/atoms.ts';
import { CrashMedia, persistedFlags } from '../../../src/lab/disk/crash-media.ts';
import { ScratchStorage } from '../../../src/lab/disk/scratch-storage.ts';
import { RecordingStorage } from '../../../src/lab/trace/recording-storage.ts';
import type { DiskModel } from '#lab';

const DISK: DiskModel = { cache: 'volatile', atomicUnit: 512, order: 'any' };

const position = fc.nat(40).map((n) => n * 256);
const action = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('write' as const),
      at: position,
      length: fc.integer({ min: 1, max: 3000 }),
      fill: fc.integer({ min: 0, max: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('discard' as const),
      at: position,
      length: fc.integer({ min: 1, max: 3000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('truncate' as const), size: position }) },
);

function contentOf(storage: Storage): Uint8Array {
  const bytes = new Uint8Array(storage.size);
  storage.read(0, bytes);
  return bytes;
}

function record(base: MemoryStorage, actions: readonly (typeof action extends fc.Arbitrary<infer A> ? A : never)[]) {
  const recorder = new RecordingStorage(new ScratchStorage(base));
  for (const act of actions) {
    if (act.kind === 'write') recorder.write(act.at, new Uint8Array(act.length).fill(act.fill), 'guest-data');
    if (act.kind === 'discard') recorder.discard(act.at, act.length, 'discard');
    if (act.kind === 'truncate') recorder.truncate(act.size, 'truncate');
  }
  return recorder;
}

describe('the media after a power cut', () => {
  const base = MemoryStorage.from(new Uint8Array(5000).fill(9));

  it('holds everything when all atoms persisted, and nothing when none did', () => {
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 8 }),
        fc.constantFrom<DiskModel['atomicUnit']>(512, 4096, 'write'),
        (actions, atomicUnit) => {
          const recorder = record(base, actions);
          const atoms = atomsOf(recorder.events, 0, base, { ...DISK, atomicUnit });
          const media = new CrashMedia(base, atoms);
          expectBytes(contentOf(media), contentOf(base));
          atoms.forEach((_, index) => media.setPersisted(index, true));
          expect(media.size).toBe(recorder.size);
          expectBytes(contentOf(media), contentOf(recorder));
        },
      ),
    );
  });

  it('forgets what a shrinking file had grown to in the same epoch', () => {
    const recorder = record(base, [
      { kind: 'write', at: 6912, length: 1281, fill: 1 },
      { kind: 'truncate', size: 0 },
      { kind: 'write', at: 6912, length: 1281, fill: 0 },
    ]);
    const atoms = atomsOf(recorder.events, 0, base, DISK);
    const media = new CrashMedia(base, atoms);
    atoms.forEach((_, index) => media.setPersisted(index, true));
    expectBytes(contentOf(media), contentOf(recorder));
  });

  it('shows the same bytes whatever was switched on and off before', () => {
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(60), fc.boolean()), { maxLength: 60 }),
        (actions, switches) => {
          const atoms = atomsOf(record(base, actions).events, 0, base, DISK);
          const media = new CrashMedia(base, atoms);
          for (const [index, isPersisted] of switches) {
            if (index < atoms.length) media.setPersisted(index, isPersisted);
            contentOf(media);
          }
          const fresh = new CrashMedia(base, atoms);
          atoms.forEach((_, index) => fresh.setPersisted(index, media.isPersisted(index)));
          expectBytes(contentOf(media), contentOf(fresh));
        },
      ),
    );
  });

  it('refuses to be written', () => {
    const media = new CrashMedia(base, []);
    expect(() => media.write()).toThrow('read-only');
  });
});

describe('which atoms persisted', () => {
  it('is what was named, where anything can arrive in any order', () => {
    expect(persistedFlags([1, 7], 3, 'any')).toEqual([false, true, false]);
  });

  it('includes everything before on a disk that keeps the order', () => {
    expect(persistedFlags([2], 4, 'in-order')).toEqual([true, true, true, false]);
  });

  it('can be all or none', () => {
    expect(persistedFlags('all', 2, 'any')).toEqual([true, true]);
    expect(persistedFlags('none', 2, 'any')).toEqual([false, false]);
  });
});
