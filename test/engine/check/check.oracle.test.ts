import { truncateSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MemoryStorage, readHead } from '#engine';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';
import { Patient } from './damage.ts';
import { saidByQemu, saidByUs, words, type Said } from './judged-by-qemu.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const COPIED = 1n << 63n;

interface Damage {
  readonly name: string;
  /** `-o` of `qemu-img create`. */
  readonly options?: string;
  readonly size?: string;
  readonly commands?: readonly string[];
  readonly prepare?: (file: string) => void;
  readonly harm: (patient: Patient) => void;
  /** What keeps our repair from touching an image that QEMU's repair would make worse. */
  readonly refusedBecause?: RegExp;
}

const LONG_RUN = ['write -P 1 0 4M'];
const WRITES = ['write -P 1 0 128k', 'write -P 2 1M 64k', 'write -z 2M 64k'];

function cluster(patient: Patient, offset: bigint): number {
  return Number((offset & 0x00fffffffffffe00n) / BigInt(patient.geometry.clusterSize));
}

const DAMAGES: readonly Damage[] = [
  { name: 'nothing', harm: () => undefined },
  { name: 'a leak, refcount 1', harm: (p) => p.setRefcount16(9, 1) },
  { name: 'a leak, refcount 2 of 1', harm: (p) => p.setRefcount16(5, 2) },
  { name: 'refcount 0 of a data cluster', harm: (p) => p.setRefcount16(5, 0) },
  { name: 'refcount 0 of the header', harm: (p) => p.setRefcount16(0, 0) },
  {
    name: 'refcount too low but not 0',
    prepare: (file) => qemuImg('snapshot', '-c', 's1', file),
    harm: (p) => p.setRefcount16(5, 1),
  },
  {
    name: 'two L2 entries of one cluster',
    harm: (p) => p.setWord(p.l2At(0, 16), p.word(p.l2At(0, 0))),
  },
  {
    name: 'a long run of data, with entries in it that name clusters of it again',
    commands: LONG_RUN,
    harm: (p) => {
      for (const index of [0, 31, 32, 60]) p.setWord(p.l2At(0, index), p.word(p.l2At(0, 17)));
    },
  },
  {
    name: 'a long run of data, with entries in it that are not plain',
    commands: LONG_RUN,
    harm: (p) => {
      for (const index of [5, 6, 40]) p.setWord(p.l2At(0, index), p.word(p.l2At(0, index)) & ~COPIED);
      p.setWord(p.l2At(0, 11), p.word(p.l2At(0, 11)) | 1n);
      p.setWord(p.l2At(0, 20), p.word(p.l2At(0, 20)) | 8n);
      p.setWord(p.l2At(0, 30), 0n);
      p.setWord(p.l2At(0, 50), p.word(p.l2At(0, 50)) | (1n << 60n));
    },
  },
  {
    name: 'a run of data that goes on behind the end of the file',
    commands: LONG_RUN,
    harm: (p) => {
      for (let index = 64; index < 80; index++) p.setWord(p.l2At(0, index), p.word(p.l2At(0, index - 1)) + 0x10000n);
    },
  },
  {
    name: 'two snapshots of a long run of data, its counters nearly full',
    options: 'refcount_bits=2',
    commands: LONG_RUN,
    prepare: (file) => ['s1', 's2'].forEach((name) => qemuImg('snapshot', '-c', name, file)),
    harm: (p) => {
      for (const index of [7, 45]) p.setWord(p.l2At(0, index), p.word(p.l2At(0, 20)));
    },
  },
  { name: 'COPIED missing in L2', harm: (p) => p.setWord(p.l2At(0, 0), p.word(p.l2At(0, 0)) & ~COPIED) },
  { name: 'COPIED missing in L1', harm: (p) => p.setWord(p.l1At(0), p.word(p.l1At(0)) & ~COPIED) },
  { name: 'reserved bits in L1', harm: (p) => p.setWord(p.l1At(0), p.word(p.l1At(0)) | (1n << 60n) | 5n) },
  { name: 'reserved bits in L2', harm: (p) => p.setWord(p.l2At(0, 0), p.word(p.l2At(0, 0)) | (1n << 57n) | 8n) },
  { name: 'data beyond the end', harm: (p) => p.setWord(p.l2At(0, 3), COPIED | 0x10000000n) },
  { name: 'data misaligned', harm: (p) => p.setWord(p.l2At(0, 0), p.word(p.l2At(0, 0)) + 0x200n) },
  {
    name: 'preallocated zero misaligned',
    commands: ['write -P 1 0 128k', 'write -z 0 64k'],
    harm: (p) => p.setWord(p.l2At(0, 0), p.word(p.l2At(0, 0)) + 0x400n),
  },
  { name: 'dirty but sound', harm: (p) => p.setWord(72, p.word(72) | 1n) },
  { name: 'marked corrupt but sound', harm: (p) => p.setWord(72, p.word(72) | 2n) },
  {
    name: 'dirty, marked corrupt, leaking',
    harm: (p) => {
      p.setWord(72, p.word(72) | 3n);
      p.setRefcount16(9, 1);
    },
  },
  {
    name: 'dirty with a refcount 0',
    harm: (p) => {
      p.setWord(72, p.word(72) | 1n);
      p.setRefcount16(6, 0);
    },
  },
  { name: 'no refcount table', harm: (p) => p.bytes.writeUInt32BE(0, 56) },
  { name: 'refcount table entry 0', harm: (p) => p.setWord(p.refcountTableAt(0), 0n) },
  {
    name: 'two refcount table entries of one block',
    harm: (p) => p.setWord(p.refcountTableAt(1), p.word(p.refcountTableAt(0))),
  },
  {
    name: 'L1 entry with COPIED and nothing else',
    harm: (p) => p.setWord(p.l1At(0), COPIED),
    refusedBecause: /refcounts must be rebuilt|check could not get through|lies in the header/,
  },
  {
    name: 'L1 entry of a snapshot with COPIED and nothing else',
    prepare: (file) => {
      qemuImg('snapshot', '-c', 's1', file);
      qemuIo(file, ['write -P 3 0 64k']);
    },
    harm: (p) => p.setWord(Number(p.word(p.header.snapshotsOffset)), COPIED),
    refusedBecause: /refcounts must be rebuilt|check could not get through|lies in the header/,
  },
  {
    name: 'L2 table beyond the end',
    harm: (p) => p.setWord(p.l1At(0), COPIED | 0x10000000n),
    refusedBecause: /L2 table 0 lies outside/,
  },
  {
    name: 'L2 table misaligned',
    harm: (p) => p.setWord(p.l1At(0), p.word(p.l1At(0)) + 0x200n),
    refusedBecause: /L2 table 0 is not where a table can be|refcounts must be rebuilt/,
  },
  {
    name: 'compressed with COPIED',
    commands: ['write -c -P 1 0 128k', 'write -P 2 1M 64k'],
    harm: (p) => p.setWord(p.l2At(0, 0), p.word(p.l2At(0, 0)) | COPIED),
  },
  {
    name: 'compressed beyond the end',
    commands: ['write -c -P 1 0 128k'],
    harm: (p) => p.setWord(p.l2At(0, 0), (3n << 62n) | 0x0fffffff123n),
  },
  {
    name: 'compressed sharing a host cluster, one reference uncounted',
    commands: ['write -c -P 1 0 64k', 'write -c -P 2 64k 64k', 'write -c -P 3 128k 64k'],
    harm: (p) => p.setRefcount16(cluster(p, p.word(p.l2At(0, 0)) & 0x00ffffffffffffffn & ((1n << 54n) - 1n)), 2),
  },
  {
    name: 'a snapshot, refcount 0 of its L1 table',
    prepare: (file) => qemuImg('snapshot', '-c', 's1', file),
    harm: (p) => p.setRefcount16(9, 0),
  },
  {
    name: 'a snapshot whose L1 table is misaligned',
    prepare: (file) => qemuImg('snapshot', '-c', 's1', file),
    harm: (p) => p.setWord(p.header.snapshotsOffset, p.word(p.header.snapshotsOffset) + 0x200n),
    refusedBecause: /snapshot 1 is not where a table can be/,
  },
  {
    name: 'a snapshot whose L1 table is too large',
    prepare: (file) => qemuImg('snapshot', '-c', 's1', file),
    harm: (p) => p.bytes.writeUInt32BE(0x500000, p.header.snapshotsOffset + 8),
    refusedBecause: /snapshot 1 is not where a table can be/,
  },
  {
    name: 'a snapshot whose L1 table lies where no file reaches',
    prepare: (file) => qemuImg('snapshot', '-c', 's1', file),
    harm: (p) => p.setWord(p.header.snapshotsOffset, 1n << 63n),
    refusedBecause: /check could not get through/,
  },
  {
    name: 'snapshot entry without extra data',
    prepare: (file) => qemuImg('snapshot', '-c', 's1', file),
    harm: (p) => shortenExtraData(p),
  },
  {
    name: 'snapshot entry with too much extra data',
    prepare: (file) => qemuImg('snapshot', '-c', 's1', file),
    harm: (p) => p.bytes.writeUInt32BE(2000, p.header.snapshotsOffset + 36),
  },
  {
    name: 'too many snapshots',
    harm: (p) => {
      p.bytes.writeUInt32BE(70000, 60);
      p.setWord(64, 0x90000n);
    },
    refusedBecause: /check could not get through|snapshot table lies outside/,
  },
  {
    name: 'snapshot table misaligned',
    prepare: (file) => qemuImg('snapshot', '-c', 's1', file),
    harm: (p) => p.setWord(64, p.word(64) + 8n),
  },
  {
    name: 'snapshot table far away',
    prepare: (file) => qemuImg('snapshot', '-c', 's1', file),
    harm: (p) => p.setWord(64, 0x01ff_ffff_ffff_0000n),
    refusedBecause: /snapshot table lies outside/,
  },
  {
    name: 'snapshot table far away, misaligned',
    prepare: (file) => qemuImg('snapshot', '-c', 's1', file),
    harm: (p) => p.setWord(64, 0x56c81ef189908888n),
  },
  {
    name: 'a bitmap with an uncounted table',
    prepare: (file) => qemuImg('bitmap', '--add', file, 'b0'),
    harm: (p) => p.setRefcount16(9, 0),
  },
  {
    name: 'a bitmap whose table lies beyond the end',
    prepare: (file) => {
      qemuImg('bitmap', '--add', file, 'b0');
      qemuIo(file, ['write -P 3 4M 64k']);
    },
    harm: (p) => {
      p.bytes.writeUInt32BE(1, bitmapDirectory(p) + 12);
      p.setWord(bitmapDirectory(p), 0x7dde_0000_0001_0000n);
    },
    refusedBecause: /table of bitmap "b0" lies outside/,
  },
  {
    name: 'a bitmap table with reserved bits',
    prepare: (file) => qemuImg('bitmap', '--add', file, 'b0'),
    harm: (p) => {
      // One in use is not loaded when the image is opened, so that the check gets to see it.
      p.bytes.writeUInt32BE(1, 0x90000 + 12);
      p.setWord(Number(p.word(0x90000)), 0xff00000000000000n);
    },
  },
  {
    name: 'extended L2: bits for allocated and zero at once',
    options: 'extended_l2=on',
    harm: (p) => p.setWord(p.l2At(0, 0) + 8, 0xffffffff_ffffffffn),
  },
  {
    name: 'extended L2: allocated bits without a cluster',
    options: 'extended_l2=on',
    harm: (p) => p.setWord(p.l2At(0, 9) + 8, 1n),
  },
  {
    name: 'extended L2: misaligned without data',
    options: 'extended_l2=on',
    harm: (p) => {
      p.setWord(p.l2At(0, 0), p.word(p.l2At(0, 0)) + 0x200n);
      p.setWord(p.l2At(0, 0) + 8, 0x00000001_00000000n);
    },
  },
  { name: 'version 2, refcount 0', options: 'compat=0.10', harm: (p) => p.setRefcount16(5, 0) },
  ...[1, 2, 4, 8, 32, 64].map((bits) => ({
    name: `refcounts of ${bits} bits, all lost`,
    options: `refcount_bits=${bits}`,
    harm: (p: Patient) => p.bytes.fill(0, p.refcountBlockAt(0), p.refcountBlockAt(0) + p.geometry.clusterSize),
  })),
  ...[1, 2, 4, 8, 32, 64].map((bits) => ({
    name: `refcounts of ${bits} bits, all ones`,
    options: `refcount_bits=${bits}`,
    harm: (p: Patient) => p.bytes.fill(0xff, p.refcountBlockAt(0), p.refcountBlockAt(0) + 16),
  })),
  {
    name: 'a refcount of 1 bit cannot count two references',
    options: 'refcount_bits=1',
    harm: (p) => p.setWord(p.l2At(0, 16), p.word(p.l2At(0, 0))),
  },
  ...['512', '4k', '2M'].map((size) => ({
    name: `clusters of ${size}, refcount 0`,
    options: `cluster_size=${size}`,
    harm: (p: Patient) => p.setRefcount16(cluster(p, p.word(p.l2At(0, 0))), 0),
  })),
];

function bitmapDirectory({ bytes }: Patient): number {
  const { bitmaps } = readHead(MemoryStorage.from(bytes), { writable: false }).extensions;
  return bitmaps!.directoryOffset;
}

/** Turns the first entry's 24 bytes of extra data into none, closing the gap. */
function shortenExtraData({ bytes, header }: Patient): void {
  const at = header.snapshotsOffset;
  bytes.writeUInt32BE(0, at + 36);
  bytes.copyWithin(at + 40, at + 64, at + 128);
}

function damaged({ options = '', size = '64M', commands = WRITES, prepare, harm }: Damage): string {
  const file = scratch.create('patient.qcow2', size, options);
  qemuIo(file, commands);
  prepare?.(file);
  const patient = new Patient(file);
  harm(patient);
  patient.save();
  return file;
}

/** What QEMU adds when it closes the image after a failed repair: about bitmaps that it loaded and can no longer store. */
function withoutClosingWords(said: Said): Said {
  const stderr = said.stderr.replace(/qcow2: Marking image as corrupt.*\n.*Lost persistent bitmaps.*\n$/, '');
  return { ...words(said), stderr };
}

describe.each(DAMAGES.filter(({ refusedBecause }) => refusedBecause === undefined))('$name', (damage) => {
  let file = '';
  beforeAll(() => {
    file = damaged(damage);
  });

  it('gets the same words from a check', () => {
    expect(words(saidByUs(scratch, file, null))).toEqual(words(saidByQemu(scratch, file, null)));
  });

  it.each(['leaks', 'all'] as const)('gets the same repair of %s', (mode) => {
    const ours = saidByUs(scratch, file, mode);
    expect(words(ours)).toEqual(withoutClosingWords(saidByQemu(scratch, file, mode)));
    const recheck = saidByQemu(scratch, ours.file, null);
    expect(recheck.code).toBe(ours.code === 1 ? saidByQemu(scratch, file, null).code : ours.code);
    expect(saidByUs(scratch, ours.file, mode).stepCount, 'steps of a second repair').toBe(0);
  });
});

describe.each(DAMAGES.filter(({ refusedBecause }) => refusedBecause !== undefined))('$name', (damage) => {
  let file = '';
  beforeAll(() => {
    file = damaged(damage);
  });

  it('gets the same words from a check', () => {
    expect(words(saidByUs(scratch, file, null))).toEqual(words(saidByQemu(scratch, file, null)));
  });

  it.each(['leaks', 'all'] as const)('is left alone by a repair of %s, which could destroy data', (mode) => {
    const ours = saidByUs(scratch, file, mode);
    expect(ours.refused).toMatch(damage.refusedBecause!);
    expect(ours.code).toBe(1);
    expect(ours.stepCount).toBe(0);
  });
});

describe.each([
  { clusterSize: '64k', entry: 0x7fff_ffff_ffff_ffffn },
  { clusterSize: '1k', entry: 0x7373_7373_7373_7373n },
  { clusterSize: '4k', entry: 0xc6c6_c6c6_c6c6_c600n },
])('a refcount table entry of $entry, more than a number holds', ({ clusterSize, entry }) => {
  it('gets the same words from a check', () => {
    const harm = (patient: Patient) => patient.setWord(patient.refcountTableAt(0), entry);
    const file = damaged({ name: '', options: `cluster_size=${clusterSize}`, harm });
    expect(words(saidByUs(scratch, file, null))).toEqual(words(saidByQemu(scratch, file, null)));
  });
});

describe('a file cut short', () => {
  it.each([0x54321, 0x50000, 0x58001])('to %i bytes gets the same words', (length) => {
    const file = scratch.create('patient.qcow2', '64M');
    qemuIo(file, WRITES);
    truncateSync(file, length);
    expect(words(saidByUs(scratch, file, null))).toEqual(words(saidByQemu(scratch, file, null)));
  });
});
