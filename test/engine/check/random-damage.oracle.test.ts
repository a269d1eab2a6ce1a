import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';
import { Patient } from './damage.ts';
import { saidByQemu, saidByUs, words } from './judged-by-qemu.ts';
import { SEED } from '../../tools/seed.ts';

/** `QCOW2_WORKBENCH_SEED=7 CASES=5000` for a longer run of one's own. */
const CASES = Number(process.env.CASES ?? 15);
/** Comparing repairs takes four more runs of qemu-img. */
const REPAIR_COMPARED_EVERY = Number(process.env.REPAIR_EVERY ?? 5);

const scratch = new Scratch();
afterAll(() => scratch.remove());

interface Base {
  readonly name: string;
  readonly options: string;
  readonly make: (file: string) => void;
}

const BASES: readonly Base[] = [
  {
    name: 'plain',
    options: 'cluster_size=4k',
    make: (file) => qemuIo(file, ['write 0 300k', 'write 2M 40k', 'discard 8k 8k']),
  },
  {
    name: 'with snapshots',
    options: 'cluster_size=1k,refcount_bits=8',
    make: (file) => {
      qemuIo(file, ['write 0 100k', 'write -z 50k 10k']);
      qemuImg('snapshot', '-c', 's1', file);
      qemuIo(file, ['write 20k 30k']);
      qemuImg('snapshot', '-c', 's2', file);
      qemuIo(file, ['write 40k 30k', 'write -z -u 10k 3k']);
    },
  },
  {
    name: 'compressed',
    options: 'cluster_size=4k',
    make: (file) =>
      qemuIo(
        file,
        [...Array(20).keys()].map((i) => `write -c -P ${i} ${i * 4}k 4k`),
      ),
  },
  {
    name: 'extended L2',
    options: 'cluster_size=16k,extended_l2=on',
    make: (file) => qemuIo(file, ['write 0 100k', 'write -z 20k 1k', 'write 200k 512']),
  },
  {
    name: 'with bitmaps',
    options: 'cluster_size=512',
    make: (file) => {
      qemuImg('bitmap', '--add', '-g', '64k', file, 'b0');
      qemuIo(file, ['write 0 50k']);
    },
  },
  {
    name: 'narrow refcounts',
    options: 'cluster_size=512,refcount_bits=2',
    make: (file) => qemuIo(file, ['write 0 120k']),
  },
  {
    name: 'wide refcounts',
    options: 'cluster_size=512,refcount_bits=64',
    make: (file) => qemuIo(file, ['write 0 60k']),
  },
  { name: 'version 2', options: 'compat=0.10,cluster_size=2k', make: (file) => qemuIo(file, ['write 0 99k']) },
  {
    name: 'left dirty',
    options: 'lazy_refcounts=on,cluster_size=1k',
    make: (file) => qemuIo(file, ['write 0 99k', 'flush', 'abort'], ['-t', 'writeback']),
  },
];

class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = Math.imul(seed, 2654435761) >>> 0;
  }

  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1664525) + 1013904223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * limit);
  }

  of<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}

/** Entries of all tables that hold something: where to hurt. */
function entriesOf(patient: Patient): number[] {
  const { header, geometry } = patient;
  const entries: number[] = [];
  const addTable = (at: number, count: number, step: number) => {
    for (let i = 0; i < count; i++) {
      if (at + i * step + 8 <= patient.bytes.length && patient.word(at + i * step) !== 0n) entries.push(at + i * step);
    }
  };
  addTable(header.l1TableOffset, header.l1Size, 8);
  for (let i = 0; i < header.l1Size; i++) {
    if (patient.word(patient.l1At(i)) !== 0n) addTable(patient.l2At(i, 0), geometry.l2Entries, geometry.l2EntrySize);
  }
  addTable(header.refcountTableOffset, (header.refcountTableClusters * geometry.clusterSize) / 8, 8);
  const blocks = (header.refcountTableClusters * geometry.clusterSize) / 8;
  for (let i = 0; i < blocks; i++) {
    if (patient.word(patient.refcountTableAt(i)) !== 0n)
      addTable(patient.refcountBlockAt(i), geometry.clusterSize / 8, 8);
  }
  return entries;
}

/** Hurts one entry; offsets stay within what a file may be, as QEMU grows a file to whatever an entry says. */
function hurt(patient: Patient, random: Random, entries: readonly number[]): void {
  const at = random.of(entries);
  const word = patient.word(at);
  switch (random.below(5)) {
    case 0:
      return patient.setWord(at, word ^ (1n << BigInt(random.below(22))));
    case 1:
      return patient.setWord(at, word ^ (1n << BigInt(56 + random.below(8))));
    case 2:
      return patient.setWord(at, 0n);
    case 3:
      return patient.setWord(at, patient.word(random.of(entries)));
    default:
      patient.bytes[at + random.below(8)]! ^= 1 << random.below(8);
  }
}

describe.each(BASES)('$name', ({ name, options, make }) => {
  let sound: Buffer;
  beforeAll(() => {
    const file = scratch.create('sound.qcow2', '4M', options);
    make(file);
    sound = readFileSync(file);
  });

  it.each(Array.from({ length: CASES }, (_, i) => SEED + i))('damaged with seed %i gets the same words', (seed) => {
    const random = new Random(seed + name.length * 7919);
    const file = scratch.path('hurt.qcow2');
    writeFileSync(file, sound);
    const patient = new Patient(file);
    const entries = entriesOf(patient);
    for (let i = random.below(3); i >= 0; i--) hurt(patient, random, entries);
    patient.save();
    const theirs = saidByQemu(scratch, file, null);
    // Such data counts as lost in QEMU; kept-references.test.ts says what becomes of it here.
    const hasBitmapOnCompressed = /compressed cluster \d+ with non-zero subcluster/.test(theirs.stderr);
    if (!hasBitmapOnCompressed) expect(words(saidByUs(scratch, file, null))).toEqual(words(theirs));
    if (process.env.KEEP !== undefined) copyFileSync(file, `${process.env.KEEP}/${name}-${seed}.qcow2`);
    const ours = saidByUs(scratch, file, 'all');
    const again = saidByUs(scratch, ours.file, 'all');
    expect(again.stepCount, 'a second repair writes nothing').toBe(0);
    if (ours.refused !== null || seed % REPAIR_COMPARED_EVERY !== 0) return;
    const judged = saidByQemu(scratch, ours.file, null);
    const repaired = saidByQemu(scratch, file, 'all');
    if (repaired.code === 0) expect(judged.code, judged.stderr).toBe(0);
    if (theirs.code !== 1) expect(judged.code).not.toBe(1);
    // Where guest data lies on top of a table, mending the table shows in the data, with QEMU as with us.
    expect([guestReads(file), guestReads(repaired.file)], 'what the guest reads').toContain(guestReads(ours.file));
  });
});

/** A digest of the disk as the guest reads it, or that it cannot be read. */
function guestReads(file: string): string {
  const raw = scratch.path('raw');
  const { code } = qemuImg('convert', '-f', 'qcow2', '-O', 'raw', file, raw);
  return code === 0 ? createHash('sha256').update(readFileSync(raw)).digest('hex') : 'unreadable';
}
