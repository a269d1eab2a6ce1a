import { afterAll, describe, expect, it } from 'vitest';
import {
  amendImage,
  checkImage,
  closeImage,
  drain,
  MemoryStorage,
  openImage,
  rawSource,
  readAt,
  type AmendOptions,
  type GuestSource,
} from '#engine';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';
import { crashStates, RecordingStorage } from '../repair/crash-states.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const DISK_SIZE = 256 * 1024;

interface Case {
  readonly name: string;
  readonly create: string;
  readonly hasBacking?: boolean;
  readonly make: (file: string) => void;
  /** As after `-o`. */
  readonly amend: string;
  readonly options: AmendOptions;
  /** A refusal, in QEMU's words. */
  readonly refusal?: string;
}

const WRITES = ['write -q -P 1 0 8k', 'write -q -P 2 20k 4k', 'write -q -z 60k 9k', 'write -q -P 3 200k 3k'];
const written = (file: string) => void qemuIo(file, WRITES);
const withSnapshot = (file: string) => {
  written(file);
  qemuImg('snapshot', '-c', 's1', file);
  qemuIo(file, ['write -q -P 9 4k 30k', 'write -q -z 200k 2k']);
};

const CASES: readonly Case[] = [
  {
    name: 'upgrade',
    create: 'compat=0.10,cluster_size=1k',
    make: written,
    amend: 'compat=1.1,lazy_refcounts=on',
    options: { compat: '1.1', lazyRefcounts: true },
  },
  {
    name: 'upgrade with a snapshot and a backing file',
    create: 'compat=0.10,cluster_size=4k',
    hasBacking: true,
    make: withSnapshot,
    amend: 'compat=v3',
    options: { compat: '1.1' },
  },
  {
    name: 'downgrade without anything behind',
    create: 'cluster_size=1k,lazy_refcounts=on',
    make: written,
    amend: 'compat=0.10',
    options: { compat: '0.10' },
  },
  {
    name: 'downgrade over a backing file, with a snapshot',
    create: 'cluster_size=4k',
    hasBacking: true,
    make: withSnapshot,
    amend: 'compat=0.10',
    options: { compat: '0.10' },
  },
  {
    name: 'downgrade of an image that shares a whole table with a snapshot',
    create: 'cluster_size=1k',
    hasBacking: true,
    make: (file) => {
      written(file);
      qemuImg('snapshot', '-c', 's1', file);
    },
    amend: 'compat=0.10',
    options: { compat: '0.10' },
  },
  ...[1, 2, 4, 8, 32, 64].map((bits) => ({
    name: `${bits}-bit refcounts`,
    create: 'cluster_size=512',
    make: written,
    amend: `refcount_bits=${bits}`,
    options: { refcountBits: bits },
  })),
  {
    name: '2-bit refcounts with a snapshot',
    create: 'cluster_size=1k',
    make: withSnapshot,
    amend: 'refcount_bits=2',
    options: { refcountBits: 2 },
  },
  {
    name: '1-bit refcounts with a snapshot',
    create: 'cluster_size=1k',
    make: withSnapshot,
    amend: 'refcount_bits=1',
    options: { refcountBits: 1 },
    refusal: 'Cannot decrease refcount entry width to 1 bits: Cluster at offset 0x1400 has a refcount of 2',
  },
  {
    name: 'from 64 bits to 16, version and size at once',
    create: 'cluster_size=512,refcount_bits=64',
    make: written,
    amend: 'compat=0.10,refcount_bits=16,size=384k',
    options: { compat: '0.10', refcountBits: 16, size: 384 * 1024 },
  },
  {
    name: 'lazy refcounts off',
    create: 'cluster_size=1k,lazy_refcounts=on',
    make: written,
    amend: 'lazy_refcounts=off',
    options: { lazyRefcounts: false },
  },
  {
    name: 'downgrade with another refcount width',
    create: 'refcount_bits=8',
    make: written,
    amend: 'compat=0.10',
    options: { compat: '0.10' },
    refusal: 'compat=0.10 requires refcount_bits=16',
  },
  {
    name: 'downgrade of zstd with compressed clusters',
    create: 'compression_type=zstd',
    make: (file) => void qemuIo(file, ['write -q -c 0 64k']),
    amend: 'compat=0.10',
    options: { compat: '0.10' },
    refusal: 'Cannot downgrade an image with zstd compression type and existing compressed clusters',
  },
  {
    name: 'downgrade of extended L2 entries',
    create: 'extended_l2=on',
    make: written,
    amend: 'compat=0.10',
    options: { compat: '0.10' },
    refusal: 'Cannot downgrade an image with incompatible features 0x10 set',
  },
  {
    name: 'another backing file',
    create: '',
    make: written,
    amend: 'backing_file=other',
    options: { backingFile: 'other' },
    refusal: 'Cannot amend the backing file',
  },
];

const base = scratch.path('base.raw');
qemuImg('create', '-q', '-f', 'raw', base, String(DISK_SIZE));
qemuIo(base, [`write -q -P 77 0 ${DISK_SIZE}`], ['-f', 'raw']);

function made({ create, hasBacking = false, make }: Case): string {
  const file = scratch.create(
    'amended.qcow2',
    String(DISK_SIZE),
    create,
    ...(hasBacking ? ['-b', base, '-F', 'raw'] : []),
  );
  make(file);
  return file;
}

const backingOf = ({ hasBacking = false }: Case): GuestSource | null =>
  hasBacking ? rawSource(scratch.load(base)) : null;

function amended(storage: RecordingStorage | MemoryStorage, test: Case): void {
  const image = openImage(storage, { writable: true, backing: backingOf(test) });
  drain(amendImage(image, test.options));
  closeImage(image);
}

describe.each(CASES)('$name', (test) => {
  it('does what qemu-img amend does, and says what it says', () => {
    const theirs = made(test);
    const storage = scratch.load(theirs);
    const ran = qemuImg('amend', '-o', test.amend, theirs);
    if (test.refusal !== undefined) {
      const before = Buffer.from(storage.toBytes());
      expect(ran.stderr).toContain(test.refusal);
      expect(() => amended(storage, test)).toThrow(test.refusal);
      expect(contentsOf(storage, test)).toBe(contentsOf(MemoryStorage.from(before), test));
      expect(qemuImg('check', scratch.save('refused.qcow2', storage)).code).toBe(0);
      return;
    }
    expect(ran).toMatchObject({ stderr: '', code: 0 });
    amended(storage, test);
    const ours = scratch.save('ours.qcow2', storage);
    const header = (file: string) => Buffer.from(scratch.load(file).toBytes().subarray(0, 112)).toString('hex');
    expect(header(ours)).toBe(header(theirs));
    expect(qemuImg('check', ours)).toMatchObject({ code: 0 });
    expect(qemuImg('compare', ours, theirs).stdout).toBe('Images are identical.\n');
    if (qemuImg('snapshot', '-l', ours).stdout === '') return;
    for (const file of [ours, theirs]) qemuImg('snapshot', '-a', 's1', file);
    expect(qemuImg('compare', ours, theirs).stdout).toBe('Images are identical.\n');
    expect(qemuImg('check', ours)).toMatchObject({ code: 0 });
  });
});

describe.each(CASES.filter(({ refusal }) => refusal === undefined))('$name: power cut', (test) => {
  it('leaves the old image or the new one, with the same content and at worst leaks', () => {
    const before = scratch.load(made(test));
    const whole = MemoryStorage.from(before.toBytes());
    const recording = new RecordingStorage(whole);
    amended(recording, test);
    const contents = contentsOf(before, test);
    let seed = 20;
    const random = () => (seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    let stateCount = 0;
    for (const state of crashStates(before, recording.events, random)) {
      stateCount++;
      const { counters } = drain(checkImage(state));
      const isLazy = test.create.includes('lazy_refcounts=on') || test.options.lazyRefcounts === true;
      if (!isLazy) expect(counters).toMatchObject({ corruptions: 0, checkErrors: 0 });
      expect(contentsOf(state, test), 'guest contents').toBe(contents);
      if (stateCount % 8 === 0) expect(writableAgain(state, test)).toMatchObject({ corruptions: 0, checkErrors: 0 });
    }
    expect(stateCount).toBeGreaterThan(2);
  });
});

/** The state opened for writing (which repairs a dirty image), closed, and checked. */
function writableAgain(state: MemoryStorage, test: Case): unknown {
  const again = MemoryStorage.from(state.toBytes());
  closeImage(openImage(again, { writable: true, backing: backingOf(test) }));
  return drain(checkImage(MemoryStorage.from(again.toBytes()))).counters;
}

/** What the guest reads of the part that no amendment resizes, as one comparable text. */
function contentsOf(storage: MemoryStorage, test: Case): string {
  const image = openImage(MemoryStorage.from(storage.toBytes()), { backing: backingOf(test) });
  const bytes = new Uint8Array(DISK_SIZE);
  readAt(image, 0, bytes);
  return Buffer.from(bytes).toString('latin1');
}
