import { expect, it } from 'vitest';
import { createSnapshot, decodeHeader, drain, MemoryStorage, planRepair, viewOf, writeAt } from '#engine';
import { diskWith } from './disk-with.ts';

const CLUSTER_SIZE = 4096;
const COPIED = 1n << 63n;

it('nothing is mended in an L2 table between clusters, which may be data', () => {
  const l2TableOffset = 4 * CLUSTER_SIZE;
  const dataOffset = 5 * CLUSTER_SIZE;
  // Read as L2 entries from byte 512 on: a cluster, so that it is no leak, and a preallocated one at no cluster.
  const data = new Uint8Array(2 * CLUSTER_SIZE);
  viewOf(data).setBigUint64(512, BigInt(l2TableOffset));
  viewOf(data).setBigUint64(520, BigInt(l2TableOffset + 512) | 1n);
  const disk = diskWith({ size: 64 * CLUSTER_SIZE, clusterSize: CLUSTER_SIZE }, (image) => writeAt(image, 0, data));
  const bytes = disk.toBytes();
  const { l1TableOffset } = decodeHeader(bytes);
  const file = viewOf(bytes);
  expect(file.getBigUint64(l1TableOffset)).toBe(COPIED | BigInt(l2TableOffset));
  expect(file.getBigUint64(l2TableOffset)).toBe(COPIED | BigInt(dataOffset));
  file.setBigUint64(l1TableOffset, COPIED | BigInt(dataOffset + 512));
  const { refused, steps, report } = drain(planRepair(MemoryStorage.from(bytes), 'all'));
  expect(refused).toBeNull();
  expect(steps.flatMap(({ writes }) => writes.map(({ purpose }) => purpose))).not.toContain('repair-l2');
  expect(report.messages).toContainEqual(expect.stringMatching(/^ERROR offset=4200: Preallocated/));
});

it('what a snapshot shares with a table whose place is lost does not become its own', () => {
  const disk = diskWith({ size: 64 * CLUSTER_SIZE, clusterSize: CLUSTER_SIZE }, (image) => {
    writeAt(image, 0, new Uint8Array(8 * CLUSTER_SIZE).fill(1));
    createSnapshot(image, { name: 'before', dateSeconds: 0, dateNanoseconds: 0 });
  });
  const bytes = disk.toBytes();
  const l1Entry = decodeHeader(bytes).l1TableOffset;
  viewOf(bytes).setBigUint64(l1Entry, viewOf(bytes).getBigUint64(l1Entry) + 0x200n);
  const { refused, steps, report } = drain(planRepair(MemoryStorage.from(bytes), 'all'));
  expect(report.messages).toContainEqual(expect.stringMatching(/^Leaked cluster \d+ refcount=2 reference=1$/));
  expect(refused).toMatch(/is not where a table can be/);
  expect(steps).toEqual([]);
});
