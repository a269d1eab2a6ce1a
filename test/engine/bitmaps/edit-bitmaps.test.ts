import { describe, expect, it } from 'vitest';
import {
  addBitmap,
  checkImage,
  closeImage,
  createImage,
  drain,
  MemoryStorage,
  openImage,
  readHead,
  removeBitmap,
  resizeImage,
  setU64,
  viewOf,
  writeAt,
} from '#engine';

const CLUSTER = 65536;

function imageWithBitmap(): MemoryStorage {
  const storage = new MemoryStorage();
  createImage(storage, { size: 1024 * 1024 });
  const image = openImage(storage, { writable: true });
  addBitmap(image, { name: 'b', isEnabled: true }, 'image');
  writeAt(image, 0, new Uint8Array(512).fill(1));
  closeImage(image);
  return MemoryStorage.from(storage.toBytes());
}

function withoutBitmap(storage: MemoryStorage): MemoryStorage {
  const image = openImage(storage, { writable: true });
  removeBitmap(image, 'b');
  closeImage(image);
  return MemoryStorage.from(storage.toBytes());
}

describe('an empty disk', () => {
  it('gets no bitmap, which no table could hold', () => {
    const storage = new MemoryStorage();
    createImage(storage, { size: 0 });
    const image = openImage(storage, { writable: true });
    expect(() => addBitmap(image, { name: 'b', isEnabled: true }, 'image')).toThrow('The disk is empty');
  });

  it('is not made of one that has bitmaps', () => {
    const image = openImage(imageWithBitmap(), { writable: true });
    expect(() => resizeImage(image, 0)).toThrow('cannot become empty');
  });
});

describe('removing a bitmap', () => {
  it('gives back all of its clusters', () => {
    const storage = withoutBitmap(imageWithBitmap());
    const { counters } = drain(checkImage(storage));
    expect([readHead(storage, { writable: false }).bitmaps, counters.corruptions, counters.leaks]).toEqual([[], 0, 0]);
  });

  it('frees nothing where its table leads to metadata of something else', () => {
    const storage = imageWithBitmap();
    const head = readHead(storage, { writable: false });
    const entry = new Uint8Array(8);
    setU64(viewOf(entry), 0, head.header.l1TableOffset);
    storage.write(head.bitmaps[0]!.tableOffset, entry);
    const { counters } = drain(checkImage(withoutBitmap(storage)));
    expect(counters.corruptions).toBe(0);
    expect(head.header.l1TableOffset).toBe(3 * CLUSTER);
  });
});
