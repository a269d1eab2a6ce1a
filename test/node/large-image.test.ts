import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkImage, createImage, drain, openImage, readAt, type Image, type Storage } from '#engine';
import { NodeStorage } from '#node';
import { forwarding } from '../tools/forwarding-storage.ts';

const GIB = 2 ** 30;
const MIB = 2 ** 20;

/** Counts what is read through it. */
function counted(storage: Storage): Storage & { bytesRead: number } {
  return Object.assign(forwarding(storage), {
    bytesRead: 0,
    read(this: { bytesRead: number }, at: number, into: Uint8Array) {
      this.bytesRead += into.length;
      storage.read(at, into);
    },
  });
}

describe('a sparse image file of 100 GiB, all of its clusters allocated', () => {
  const directory = mkdtempSync(join(tmpdir(), 'large-image-'));
  const path = join(directory, 'large.qcow2');
  beforeAll(() => {
    const storage = new NodeStorage(path, 'create');
    createImage(storage, { size: 100 * GIB, preallocation: 'metadata' });
    storage.close();
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('opens and reads a cluster with a few of its tables', () => {
    const storage = counted(new NodeStorage(path, 'read'));
    expect(storage.size).toBeGreaterThan(100 * GIB);
    const image: Image = openImage(storage);
    expect(storage.bytesRead).toBeLessThan(MIB);
    const bytes = new Uint8Array(65536).fill(1);
    readAt(image, 99 * GIB, bytes);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    expect(storage.bytesRead).toBeLessThan(MIB + 65536);
    storage.close();
  });

  it('is checked by its metadata alone', () => {
    const storage = counted(new NodeStorage(path, 'read'));
    const report = drain(checkImage(storage));
    expect(report.counters).toMatchObject({ corruptions: 0, leaks: 0, allocatedClusters: (100 * GIB) / 65536 });
    // L2 tables of 12.5 MiB and refcount blocks of 3.2 MiB, some of it read a second time.
    expect(storage.bytesRead).toBeLessThan(40 * MIB);
    storage.close();
  });
});
