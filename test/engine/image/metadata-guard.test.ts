import { expect, it } from 'vitest';
import {
  createImage,
  createSnapshot,
  flushImage,
  MemoryStorage,
  openImage,
  OVERLAP_TEMPLATES,
  writeAt,
  writeZeroes,
} from '#engine';
import { viewOf } from '../../../src/engine/bytes/big-endian.ts';

const CLUSTER = new Uint8Array(65536).fill(1);

/** A disk of 1 MiB, its first cluster written and kept in a snapshot. */
function imageWithSnapshot(): MemoryStorage {
  const storage = new MemoryStorage();
  createImage(storage, { size: 1 << 20 });
  const image = openImage(storage, { writable: true });
  writeAt(image, 0, CLUSTER);
  createSnapshot(image, { name: 'test', dateSeconds: 0, dateNanoseconds: 0 });
  flushImage(image);
  return storage;
}

it('lets no refcount block be written over an L2 table', () => {
  const storage = imageWithSnapshot();
  const image = openImage(storage, { writable: true });
  // The only entry of the refcount table names the L2 table of the disk.
  image.refcounts.table[0] = image.l1.l2OffsetAt(0);
  const slice = image.refcounts.blocks.get(image.l1.l2OffsetAt(0));
  image.refcounts.blocks.markDirty(slice);
  expect(() => image.refcounts.blocks.writeAll()).toThrow(/overlaps with/);
  expect(image.isMarkedCorrupt).toBe(true);
});

it.each([
  ['the header', 0, 'qcow2_header'],
  ['the refcount table', 1, 'refcount table'],
  ['a refcount block', 2, 'refcount block'],
  ['the L1 table', 3, 'active L1 table'],
])('lets no L2 table be written over %s', (_, cluster, name) => {
  const storage = imageWithSnapshot();
  const { l1 } = openImage(storage, {});
  const entry = new Uint8Array(8);
  // An L1 entry must not be 0; with flags the header can be named.
  viewOf(entry).setUint32(0, 0x8000_0000);
  viewOf(entry).setUint32(4, cluster * CLUSTER.length);
  storage.write(l1.hostOffset, entry);
  const before = storage.toBytes();
  const image = openImage(storage, { writable: true, cacheMode: 'writethrough' });
  if (cluster === 0) {
    const slice = image.l2Tables.get(0);
    image.l2Tables.markDirty(slice);
    expect(() => image.l2Tables.writeAll()).toThrow(`overlaps with ${name}`);
  } else expect(() => writeZeroes(image, CLUSTER.length, CLUSTER.length)).toThrow(`overlaps with ${name}`);
  expect(image.isMarkedCorrupt).toBe(true);
  // The first cluster has the corrupt bit now.
  expect(Buffer.from(storage.toBytes().subarray(CLUSTER.length)).equals(before.subarray(CLUSTER.length))).toBe(true);
});

it('judges the L1 table of a snapshot before it reads the names of L2 tables from it', () => {
  const storage = imageWithSnapshot();
  const { snapshots } = openImage(storage, {});
  const tooLarge = new Uint8Array(4);
  viewOf(tooLarge).setUint32(0, 0x1000_0000);
  storage.write(snapshots[0]!.at + 8, tooLarge);
  const image = openImage(storage, { writable: true, overlapChecks: new Set(OVERLAP_TEMPLATES['all']) });
  expect(() => writeAt(image, 0, CLUSTER)).toThrow('Snapshot L1 table too large');
  expect(image.isMarkedCorrupt).toBe(false);
});
