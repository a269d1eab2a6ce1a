import { afterAll, describe, expect, it } from 'vitest';
import { checkImage, drain, MemoryStorage, openImage, readAt, repairImage } from '#engine';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';
import { Patient } from '../check/damage.ts';
import { crashStates, RecordingStorage } from './crash-states.ts';
import { SEED } from '../../tools/seed.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const COPIED = 1n << 63n;

interface Case {
  readonly name: string;
  readonly options: string;
  readonly make: (file: string) => void;
  readonly harm?: (patient: Patient) => void;
  /** Only after the repair can the guest read everything. */
  readonly isUnreadable?: boolean;
}

const WRITES = ['write -P 1 0 8k', 'write -P 2 20k 4k', 'write -P 3 60k 9k'];

function killed(file: string, ...commands: string[]): void {
  qemuIo(file, [...commands, 'flush', 'abort'], ['-t', 'writeback']);
}

const CASES: readonly Case[] = [
  {
    name: 'refcounts lost in a lazy crash, 512-byte clusters',
    options: 'lazy_refcounts=on,cluster_size=512',
    make: (file) => killed(file, ...WRITES),
  },
  {
    name: 'refcounts lost in a lazy crash, 4 KiB clusters',
    options: 'lazy_refcounts=on,cluster_size=4k',
    make: (file) => killed(file, ...WRITES),
  },
  {
    name: 'refcounts lost with a snapshot',
    options: 'lazy_refcounts=on,cluster_size=1k',
    make: (file) => {
      qemuIo(file, WRITES);
      qemuImg('snapshot', '-c', 's1', file);
      killed(file, 'write -P 9 4k 30k');
    },
  },
  {
    name: 'leaks',
    options: 'cluster_size=1k',
    make: (file) => qemuIo(file, WRITES),
    harm: (p) => {
      p.setWord(p.l2At(0, 20), 0n);
      p.setWord(p.l2At(0, 21), 0n);
    },
  },
  {
    name: 'refcounts too low with a snapshot, dirty',
    options: 'cluster_size=1k',
    make: (file) => {
      qemuIo(file, WRITES);
      qemuImg('snapshot', '-c', 's1', file);
    },
    harm: (p) => {
      for (let cluster = 5; cluster < 12; cluster++) p.setRefcount16(cluster, 1);
      p.setWord(72, p.word(72) | 1n);
    },
  },
  {
    name: 'two entries of one cluster and a leak, dirty',
    options: 'cluster_size=1k',
    make: (file) => qemuIo(file, WRITES),
    harm: (p) => {
      p.setWord(p.l2At(0, 40), p.word(p.l2At(0, 0)));
      p.setWord(p.l2At(0, 21), 0n);
      p.setWord(72, p.word(72) | 1n);
    },
  },
  {
    name: 'a refcount block that was cut off, dirty',
    options: 'cluster_size=1k',
    make: (file) => qemuIo(file, WRITES),
    harm: (p) => {
      p.setWord(p.refcountTableAt(0), 0x10000n);
      p.setWord(72, p.word(72) | 1n);
    },
  },
  {
    name: 'a misaligned preallocated cluster and COPIED flags, dirty',
    options: 'cluster_size=1k',
    isUnreadable: true,
    make: (file) => qemuIo(file, [...WRITES, 'write -z 0 1k']),
    harm: (p) => {
      p.setWord(p.l2At(0, 0), p.word(p.l2At(0, 0)) + 0x200n);
      p.setWord(p.l2At(0, 20), p.word(p.l2At(0, 20)) & ~COPIED);
      p.setWord(72, p.word(72) | 3n);
    },
  },
];

function contentsOf(media: MemoryStorage): string {
  const image = openImage(MemoryStorage.from(media.toBytes()));
  const bytes = new Uint8Array(image.virtualSize);
  readAt(image, 0, bytes);
  return Buffer.from(bytes).toString('latin1');
}

function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function made({ options, make, harm }: Case): MemoryStorage {
  const file = scratch.create('crash.qcow2', '128k', options);
  make(file);
  const patient = new Patient(file);
  harm?.(patient);
  patient.save();
  return scratch.load(file);
}

/** Repairs, and returns what was written on the way. */
function repair(media: MemoryStorage): RecordingStorage['events'] {
  const recording = new RecordingStorage(media);
  const { report, refused } = drain(repairImage(recording, 'all'));
  expect(refused).toBeNull();
  expect(report.aborted).toBeNull();
  return recording.events;
}

function expectSound(media: MemoryStorage, contents: string): void {
  const { counters, isDirty, isMarkedCorrupt } = drain(checkImage(media));
  expect(counters).toMatchObject({ corruptions: 0, leaks: 0, checkErrors: 0 });
  expect({ isDirty, isMarkedCorrupt }).toEqual({ isDirty: false, isMarkedCorrupt: false });
  expect(contentsOf(media) === contents, 'guest contents are the same').toBe(true);
}

describe.each(CASES)('$name', (damage) => {
  it('is repaired by the next repair, whenever the power fails during one', () => {
    const broken = made(damage);
    const whole = MemoryStorage.from(broken.toBytes());
    const events = repair(whole);
    const contents = contentsOf(damage.isUnreadable ? whole : broken);
    expectSound(whole, contents);
    expect(repair(whole), 'a second repair writes nothing').toEqual([]);

    const random = randomFrom(SEED);
    let stateCount = 0;
    for (const state of crashStates(broken, events, random)) {
      stateCount += 1;
      const beforeSecond = MemoryStorage.from(state.toBytes());
      const second = repair(state);
      expectSound(state, contents);
      // Depth two: the power fails again during the repair of what the first cut left.
      if (stateCount % 9 !== 0) continue;
      for (const again of crashStates(beforeSecond, second, random)) {
        repair(again);
        expectSound(again, contents);
      }
    }
    expect(stateCount).toBeGreaterThan(2);
    const { code, stdout } = qemuImg('check', scratch.save('repaired.qcow2', whole));
    expect({ code, stdout }).toMatchObject({ code: 0 });
  });
});
