import { expect, it } from 'vitest';
import { applyRepair, checkImage, decodeHeader, drain, MemoryStorage, planRepair, viewOf, writeAt } from '#engine';
import { diskWith } from './disk-with.ts';

const CLUSTER_SIZE = 512;
const COPIED = 1n << 63n;

it('a file that grows to a refcount block counts what entries claim in front of it', () => {
  const disk = diskWith({ size: 64 * CLUSTER_SIZE, clusterSize: CLUSTER_SIZE }, (image) =>
    writeAt(image, 0, new Uint8Array(2 * CLUSTER_SIZE).fill(1)),
  );
  const bytes = disk.toBytes();
  const { l1TableOffset, refcountTableOffset } = decodeHeader(bytes);
  const file = viewOf(bytes);
  const l2TableOffset = Number(file.getBigUint64(l1TableOffset) & ~COPIED);
  const end = bytes.length / CLUSTER_SIZE;
  // One entry points three clusters behind the end, with a refcount; another one to where a refcount block shall be.
  file.setBigUint64(l2TableOffset + 3 * 8, COPIED | BigInt((end + 3) * CLUSTER_SIZE));
  file.setBigUint64(l2TableOffset + 4 * 8, COPIED | BigInt((end + 5) * CLUSTER_SIZE));
  file.setBigUint64(refcountTableOffset + 2 * 8, BigInt((end + 5) * CLUSTER_SIZE));
  const firstBlock = Number(file.getBigUint64(refcountTableOffset));
  file.setUint16(firstBlock + (end + 3) * 2, 1);
  file.setUint16(firstBlock + (end + 5) * 2, 1);
  const storage = MemoryStorage.from(bytes);
  drain(applyRepair(storage, drain(planRepair(storage, 'all'))));
  expect(drain(checkImage(storage)).messages).toEqual([]);
  expect(drain(planRepair(storage, 'all')).steps).toEqual([]);
});
