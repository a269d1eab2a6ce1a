import { expect, it } from 'vitest';
import { createImage, HEADER, MemoryStorage, openImage, unitOfHoles } from '#engine';

const CLUSTER = 65536;

it('is guessed without judging L1 entries behind the end of the disk', () => {
  const storage = new MemoryStorage();
  createImage(storage, { size: CLUSTER, clusterSize: CLUSTER });
  storage.write(HEADER.fields.l1Size.at, Uint8Array.of(0, 0, 0, 2));
  const { header } = openImage(storage);
  // Between two clusters: nothing that the guest can reach.
  storage.write(header.l1TableOffset + 8, Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0x02, 0));
  const image = openImage(storage);
  expect(unitOfHoles(image, 0)).toBe(null);
  expect(image.isMarkedCorrupt).toBe(false);
});
