import { describe, expect, it } from 'vitest';
import { createImage, discard, flushImage, MemoryStorage, openImage, writeAt, writeZeroes, type Image } from '#engine';
import { RecordingStorage } from '../repair/crash-states.ts';

const CLUSTER = 4096;

/** A disk over a raw data file, all of it written. */
function openRaw(): { image: Image; data: RecordingStorage } {
  const storage = new MemoryStorage();
  const data = new RecordingStorage(new MemoryStorage());
  createImage(storage, { size: 16 * CLUSTER, clusterSize: CLUSTER, dataFile: 'data', dataFileRaw: true }, data);
  const image = openImage(storage, { writable: true, dataStorage: data });
  writeAt(image, 0, new Uint8Array(16 * CLUSTER).fill(1));
  flushImage(image);
  return { image, data };
}

/** What stands in the file for good: everything up to the last flush. */
function durableBytes({ events }: RecordingStorage): Uint8Array {
  const bytes = new Uint8Array(16 * CLUSTER);
  const end = events.findLastIndex(({ kind }) => kind === 'flush');
  for (const event of events.slice(0, end)) if (event.kind === 'write') bytes.set(event.bytes, event.at);
  return bytes;
}

describe('a raw data file', () => {
  it.each<[string, (image: Image) => void]>([
    ['discarded', (image) => discard(image, 2 * CLUSTER, 3 * CLUSTER)],
    ['zeroed', (image) => writeZeroes(image, 2 * CLUSTER, 3 * CLUSTER)],
    ['zeroed and given back', (image) => writeZeroes(image, 2 * CLUSTER, 3 * CLUSTER, { unmap: true })],
  ])('reads as the disk does after a flush where a range was %s, even if the power fails then', (_, change) => {
    const { image, data } = openRaw();
    change(image);
    flushImage(image);
    const expected = new Uint8Array(16 * CLUSTER).fill(1).fill(0, 2 * CLUSTER, 5 * CLUSTER);
    expect(Buffer.compare(durableBytes(data), expected)).toBe(0);
  });

  it('keeps what is written again before the flush', () => {
    const { image, data } = openRaw();
    discard(image, 2 * CLUSTER, 3 * CLUSTER);
    writeAt(image, 3 * CLUSTER, new Uint8Array(CLUSTER).fill(2));
    flushImage(image);
    const expected = new Uint8Array(16 * CLUSTER).fill(1).fill(0, 2 * CLUSTER, 5 * CLUSTER);
    expected.fill(2, 3 * CLUSTER, 4 * CLUSTER);
    expect(Buffer.compare(durableBytes(data), expected)).toBe(0);
  });
});
