import { expect, it } from 'vitest';
import { drain, HEADER, MemoryStorage, planRepair, viewOf, writeAt } from '#engine';
import { diskWith } from './disk-with.ts';

it('nothing is freed of an image that says, and says alone, that its data is in another file', () => {
  const bytes = diskWith({ size: 64 * 1024, clusterSize: 512 }, (image) => {
    writeAt(image, 0, new Uint8Array(4096).fill(1));
  }).toBytes();
  const { at } = HEADER.fields.incompatibleFeatures;
  viewOf(bytes).setBigUint64(at, viewOf(bytes).getBigUint64(at) | 4n);
  for (const mode of ['leaks', 'all'] as const) {
    const { refused, steps } = drain(planRepair(MemoryStorage.from(bytes), mode));
    expect(refused).toMatch(/says that its data is in another file, and names none/);
    expect(steps).toEqual([]);
  }
});
