import { describe, expect, it } from 'vitest';
import {
  addBitmap,
  checkImage,
  closeImage,
  createImage,
  drain,
  openImage,
  readAt,
  readHead,
  MemoryStorage,
  rawSource,
  rewriteBackingFile,
  writeAt,
  type CreateOptions,
  type Image,
  type ImageHead,
  type Storage,
} from '#engine';
import { crashStates, RecordingStorage } from '../repair/crash-states.ts';
import { unclosable } from './failing-access.ts';

// A header that fills more than one sector of the disk is written so that no crash shows parts of two of them.

const BACKING = rawSource(new MemoryStorage());
const DATA = new Uint8Array(1000).fill(7);

function open(storage: Storage, writable: boolean): Image {
  return openImage(storage, { writable, backing: BACKING });
}

function newImage(options: Partial<CreateOptions>, prepare: (image: Image) => void): MemoryStorage {
  const storage = new MemoryStorage();
  createImage(storage, { size: 1024 * 1024, ...options });
  const image = open(unclosable(storage), true);
  writeAt(image, 0, DATA);
  prepare(image);
  closeImage(image);
  return storage;
}

function named(name: string): Partial<CreateOptions> {
  return { backingFile: name, backingFormat: 'raw' };
}

const SHORT = 'base.raw';
const LONG = 'n'.repeat(700);
const OTHER = 'm'.repeat(500);

interface Change {
  readonly title: string;
  readonly options: Partial<CreateOptions>;
  readonly bitmaps?: readonly string[];
  readonly run: (image: Image) => void;
}

function bitmapNamed(name: string): (image: Image) => void {
  return (image) => addBitmap(image, { name, granularity: 65536, isEnabled: true }, 'image');
}

const CHANGES: readonly Change[] = [
  { title: 'a first bitmap beside a backing file', options: named(SHORT), run: bitmapNamed('a') },
  { title: 'a second bitmap', options: named(SHORT), bitmaps: ['a'], run: bitmapNamed('b') },
  {
    title: 'a first backing file beside a bitmap',
    options: {},
    bitmaps: ['a'],
    run: (image) => rewriteBackingFile(image, { name: SHORT, format: 'raw' }),
  },
  {
    title: 'no backing file beside a bitmap any more',
    options: named(SHORT),
    bitmaps: ['a'],
    run: (image) => rewriteBackingFile(image, null),
  },
  {
    title: 'a long name instead of a short one',
    options: named(SHORT),
    run: (image) => rewriteBackingFile(image, { name: LONG, format: 'raw' }),
  },
  {
    title: 'a long name instead of another',
    options: named(LONG),
    bitmaps: ['a'],
    run: (image) => rewriteBackingFile(image, { name: OTHER, format: 'raw' }),
  },
  {
    title: 'a long name instead of another, in small clusters',
    options: { ...named(LONG), clusterSize: 4096 },
    run: (image) => rewriteBackingFile(image, { name: OTHER, format: 'raw' }),
  },
];

/** What must be that of the old header or of the new one, all of it. */
function saidBy({ backingFile, backingFormat, bitmaps }: ImageHead) {
  return { backingFile, backingFormat, bitmaps: bitmaps.map(({ name }) => name) };
}

describe('a crash while the header is rewritten', () => {
  it.each(CHANGES)('with $title shows the old header or the new one', ({ options, bitmaps = [], run }) => {
    const before = newImage(options, (image) => bitmaps.forEach((name) => bitmapNamed(name)(image)));
    const after = MemoryStorage.from(before.toBytes());
    const recording = new RecordingStorage(after);
    // What it wrote is looked at after the close.
    recording.close = () => undefined;
    const image = open(recording, true);
    run(image);
    closeImage(image);
    const [old, changed] = [before, after].map((storage) => saidBy(readHead(storage, { writable: false })));
    expect(changed).not.toEqual(old);
    for (const state of crashStates(before, recording.events, () => 0)) {
      const head = readHead(state, { writable: false });
      expect([old, changed]).toContainEqual(saidBy(head));
      const data = new Uint8Array(DATA.length);
      readAt(open(state, false), 0, data);
      expect(data).toEqual(DATA);
      expect(drain(checkImage(state)).counters.corruptions).toBe(0);
    }
  });

  it('leaves nothing behind where it went well', () => {
    const storage = newImage(named(LONG), bitmapNamed('a'));
    rewriteBackingFile(open(storage, true), { name: OTHER, format: 'raw' });
    const fresh = newImage(named(OTHER), bitmapNamed('a'));
    expect(Buffer.compare(storage.toBytes().subarray(0, 65536), fresh.toBytes().subarray(0, 65536))).toBe(0);
  });
});
