import { expect, it } from 'vitest';
import { applyRepair, decodeHeader, drain, HEADER, MemoryStorage, planRepair, viewOf, writeAt } from '#engine';
import { diskWith } from './disk-with.ts';

const CLUSTER_SIZE = 4096;

it('an entry with two faults, mended as one, does not keep the image marked', () => {
  const disk = diskWith({ size: 64 * CLUSTER_SIZE, clusterSize: CLUSTER_SIZE }, (image) =>
    writeAt(image, 0, new Uint8Array(CLUSTER_SIZE).fill(1)),
  );
  const bytes = disk.toBytes();
  const file = viewOf(bytes);
  const l2TableOffset = Number(file.getBigUint64(decodeHeader(bytes).l1TableOffset) & 0xff_ffff_ffff_fe00n);
  // Zeros, preallocated between clusters, with bits that mean nothing.
  file.setBigUint64(l2TableOffset + 8, BigInt(l2TableOffset + 0x200) | 0x1ffn);
  const DIRTY_AND_CORRUPT = 3n;
  file.setBigUint64(HEADER.fields.incompatibleFeatures.at, DIRTY_AND_CORRUPT);
  const storage = MemoryStorage.from(bytes);
  const plan = drain(planRepair(storage, 'all'));
  drain(applyRepair(storage, plan));
  expect(plan.report.counters).toMatchObject({ corruptions: 1, corruptionsFixed: 1 });
  expect(plan.after).toMatchObject({ isDirty: false, isMarkedCorrupt: false, messages: [] });
  expect(decodeHeader(storage.toBytes()).incompatibleFeatures).toBe(0n);
});
