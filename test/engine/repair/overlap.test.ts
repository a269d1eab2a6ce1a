import { describe, expect, it } from 'vitest';
import {
  closeImage,
  createSnapshot,
  decodeHeader,
  drain,
  HEADER,
  MemoryStorage,
  planRepair,
  readHead,
  SNAPSHOT_HEADER,
  viewOf,
  writeAt,
} from '#engine';
import { newEncrypted, openWith } from '../luks/new-volume.ts';
import { diskWith } from './disk-with.ts';

/** What was written is in a snapshot, and was written over since: the L2 table has a new place, behind the snapshot table. */
function diskWithSnapshot(): MemoryStorage {
  return diskWith({ size: 64 * 1024, clusterSize: 512 }, (image) => {
    writeAt(image, 0, new Uint8Array(4096).fill(1));
    createSnapshot(image, { name: 'before', dateSeconds: 0, dateNanoseconds: 0 });
    writeAt(image, 0, new Uint8Array(4096).fill(2));
  });
}

it('no flag is mended in an L2 table that lies in a long snapshot table', () => {
  const disk = diskWithSnapshot();
  const storage = MemoryStorage.from(disk.toBytes());
  const { snapshotsOffset } = decodeHeader(disk.toBytes());
  storage.write(snapshotsOffset + SNAPSHOT_HEADER.fields.nameLength.at, Uint8Array.of(8, 0));
  const { report, refused, steps } = drain(planRepair(storage, 'all'));
  expect(report.messages).toContainEqual(expect.stringContaining('overlaps with snapshot table'));
  expect(refused).toMatch(/could not get through/);
  expect(steps).toEqual([]);
});

it('no flag is mended in an L1 table that is the one of a snapshot', () => {
  const disk = diskWithSnapshot();
  const bytes = disk.toBytes();
  const view = viewOf(bytes);
  const snapshotL1 = view.getBigUint64(decodeHeader(bytes).snapshotsOffset);
  view.setBigUint64(HEADER.fields.l1TableOffset.at, snapshotL1);
  const flagged = Number(snapshotL1);
  view.setBigUint64(flagged, view.getBigUint64(flagged) | (1n << 63n));
  const { report, steps } = drain(planRepair(MemoryStorage.from(bytes), 'all'));
  expect(report.messages).toContainEqual(expect.stringContaining('overlaps with inactive L1 table'));
  expect(steps).toEqual([]);
});

it('no flag is mended in an L1 table that reaches into the header of the encryption', () => {
  const storage = newEncrypted('luks');
  const image = openWith(storage);
  writeAt(image, 0, new Uint8Array(512).fill(1));
  closeImage(image);
  const bytes = storage.toBytes();
  const { header, extensions } = readHead(MemoryStorage.from(bytes), { writable: false });
  const reach = extensions.luks!.offset + 1024 - header.l1TableOffset;
  expect(reach).toBeGreaterThan(0);
  viewOf(bytes).setUint32(HEADER.fields.l1Size.at, reach / 8);
  const { report, steps } = drain(planRepair(MemoryStorage.from(bytes), 'all'));
  expect(report.messages).toContainEqual(expect.stringContaining('overlaps with LUKS header'));
  expect(steps).toEqual([]);
});

describe('nothing that the disk referred to is freed where its L1 table lies in', () => {
  const entryAt = (bytes: Uint8Array, at: number) => Number(viewOf(bytes).getBigUint64(at) & 0xff_ffff_ffff_ffffn);
  it.each([
    [
      'an L2 table of a snapshot',
      (bytes: Uint8Array) => entryAt(bytes, entryAt(bytes, decodeHeader(bytes).snapshotsOffset)),
    ],
    ['the refcount table', (bytes: Uint8Array) => decodeHeader(bytes).refcountTableOffset],
  ])('%s', (_, placeOf) => {
    const bytes = diskWithSnapshot().toBytes();
    const place = placeOf(bytes);
    viewOf(bytes).setBigUint64(HEADER.fields.l1TableOffset.at, BigInt(place));
    const { report, refused, steps } = drain(planRepair(MemoryStorage.from(bytes), 'all'));
    expect(refused).toMatch(/is not the only structure there/);
    expect(steps).toEqual([]);
    expect(report.findings).toContainEqual(expect.objectContaining({ kind: 'cross-linked', cluster: place / 512 }));
  });
});
