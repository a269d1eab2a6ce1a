import { beforeEach, describe, expect, it } from 'vitest';
import {
  applyRepair,
  checkImage,
  createImage,
  createSnapshot,
  drain,
  flushImage,
  HEADER,
  MemoryStorage,
  openImage,
  planRepair,
  readAt,
  readHead,
  repairImage,
  SNAPSHOT_HEADER,
  viewOf,
  writeAt,
} from '#engine';
import { randomFrom } from '../../../src/lab/explore/enumerate.ts';
import { crashStates, RecordingStorage } from './crash-states.ts';

const CLUSTER_SIZE = 4096;

/** A disk of ones with a snapshot; a snapshot table entry without extra data makes a repair write the table anew. */
describe('moving a snapshot table', () => {
  let storage: MemoryStorage;

  beforeEach(() => {
    storage = new MemoryStorage();
    createImage(storage, { size: 16 * CLUSTER_SIZE, clusterSize: CLUSTER_SIZE });
    const image = openImage(storage, { writable: true });
    writeAt(image, 0, new Uint8Array(16 * CLUSTER_SIZE).fill(1));
    createSnapshot(image, { name: 's1', dateSeconds: 0, dateNanoseconds: 0 });
    flushImage(image);
  });

  function repair(): void {
    drain(applyRepair(storage, drain(planRepair(storage, 'all'))));
  }

  it('can take a cluster that the same repair freed before', () => {
    // The file ends before the table, so the snapshot is empty, and all that it held is freed.
    storage.truncate(readHead(storage, { writable: false }).header.snapshotsOffset - 100);
    repair();
    expect(drain(checkImage(storage)).messages).toEqual([]);
    expect(drain(planRepair(storage, 'all')).steps).toEqual([]);
  });

  it('can be cut off by a crash wherever it is, and done again', () => {
    const { header } = readHead(storage, { writable: false });
    const { at } = SNAPSHOT_HEADER.fields.extraDataSize;
    storage.write(header.snapshotsOffset + at, new Uint8Array(4));
    const before = MemoryStorage.from(storage.toBytes());
    const recording = new RecordingStorage(storage);
    drain(repairImage(recording, 'all'));
    const { snapshots } = readHead(storage, { writable: false });
    for (const state of crashStates(before, recording.events, randomFrom(1))) {
      drain(repairImage(state, 'all'));
      // A leak may lie past the end of the file, where no repair looks.
      expect(drain(checkImage(state)).counters.corruptions).toBe(0);
      const again = readHead(state, { writable: false }).snapshots;
      expect(again.map(({ id, l1TableOffset }) => ({ id, l1TableOffset }))).toEqual(
        snapshots.map(({ id, l1TableOffset }) => ({ id, l1TableOffset })),
      );
    }
  });

  it('keeps the old cluster for an entry that claims it, though the file ends before', () => {
    const { header } = readHead(storage, { writable: false });
    const claim = new Uint8Array(8);
    viewOf(claim).setBigUint64(0, BigInt(header.snapshotsOffset));
    const l1Entry = new Uint8Array(8);
    storage.read(header.l1TableOffset, l1Entry);
    storage.write(Number(viewOf(l1Entry).getBigUint64(0) & 0xff_ffff_ffff_fe00n), claim);
    storage.truncate(header.snapshotsOffset - 100);
    repair();
    expect(drain(planRepair(storage, 'all')).steps).toEqual([]);
  });

  it('lets an entry that claims the old cluster, too, own it', () => {
    const image = openImage(storage, { writable: true });
    writeAt(image, 0, new Uint8Array(CLUSTER_SIZE).fill(2));
    flushImage(image);
    const bytes = storage.toBytes();
    const { header } = readHead(storage, { writable: false });
    const file = viewOf(bytes);
    const l2TableOffset = Number(file.getBigUint64(header.l1TableOffset) & 0xff_ffff_ffff_fe00n);
    file.setBigUint64(l2TableOffset, BigInt(header.snapshotsOffset));
    file.setUint32(header.snapshotsOffset + SNAPSHOT_HEADER.fields.extraDataSize.at, 0);
    storage = MemoryStorage.from(bytes);
    repair();
    expect(drain(checkImage(storage)).messages).toEqual([]);
  });

  it('leaves an old table alone that is something else as well', () => {
    // Between the header's magic and its version there is no L1 table: the snapshot has none.
    storage.write(HEADER.fields.snapshotsOffset.at, new Uint8Array(8));
    const l1TableOffset = new Uint8Array(8);
    storage.read(0, l1TableOffset);
    repair();
    const { header } = readHead(storage, { writable: false, checkMode: true });
    expect(header.magic).toBe(viewOf(l1TableOffset).getUint32(0));
    const bytes = new Uint8Array(CLUSTER_SIZE);
    readAt(openImage(storage, {}), 0, bytes);
    expect(bytes.every((byte) => byte === 1)).toBe(true);
  });
});
