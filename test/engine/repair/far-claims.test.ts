import { expect, it } from 'vitest';
import { createSnapshot, decodeHeader, drain, MemoryStorage, planRepair, SNAPSHOT_HEADER, viewOf } from '#engine';
import { luksLengthAt, newEncrypted } from '../luks/new-volume.ts';
import { diskWith } from './disk-with.ts';

/** An image whose refcounts must be rebuilt, and whose snapshot table claims gigabytes behind the end of the file. */
function claiming(extraDataSize: number): MemoryStorage {
  const disk = diskWith({ size: 64 * 1024, clusterSize: 512 }, (image) => {
    createSnapshot(image, { name: 'before', dateSeconds: 0, dateNanoseconds: 0 });
  });
  const bytes = disk.toBytes();
  const { snapshotsOffset, refcountTableOffset } = decodeHeader(bytes);
  viewOf(bytes).setUint32(snapshotsOffset + SNAPSHOT_HEADER.fields.extraDataSize.at, extraDataSize);
  bytes[refcountTableOffset + 7] = 1;
  return MemoryStorage.from(bytes);
}

it('a claim of gigabytes costs a repair seconds, and is no reason to touch the image', { timeout: 60_000 }, () => {
  const { steps, refused } = drain(planRepair(claiming(0x6000_0000), 'all'));
  expect(steps).toEqual([]);
  expect(refused).toMatch(/snapshot table lies outside|could not get through/);
});

it('an encryption header of exabytes costs a repair nothing, and is no reason to touch the image', () => {
  const bytes = newEncrypted('luks', { clusterSize: 512 }).toBytes();
  bytes[luksLengthAt(bytes)] = 0x80;
  bytes[decodeHeader(bytes).refcountTableOffset + 7] = 1;
  const { steps, refused } = drain(planRepair(MemoryStorage.from(bytes), 'all'));
  expect(refused).toMatch(/encryption header lies outside the file/);
  expect(steps).toEqual([]);
});
