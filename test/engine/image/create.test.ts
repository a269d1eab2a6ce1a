import { describe, expect, it } from 'vitest';
import { createImage } from '../../../src/engine/image/create.ts';
import { readHead } from '../../../src/engine/image/head.ts';
import { MemoryStorage } from '../../../src/engine/storage/memory.ts';
import type { CreateOptions } from '../../../src/engine/image/create-options.ts';
import type { Purpose } from '../../../src/engine/storage/storage.ts';

const M = 2 ** 20;

function create(options: CreateOptions): MemoryStorage {
  const storage = new MemoryStorage();
  createImage(storage, options);
  return storage;
}

function u64At(storage: MemoryStorage, at: number): bigint {
  const bytes = new Uint8Array(8);
  storage.read(at, bytes);
  return new DataView(bytes.buffer).getBigUint64(0);
}

// Layouts that are known from `qemu-img create`; the oracle test compares the whole matrix.
describe('a new image', () => {
  it('is header, refcount table, refcount block and L1 table, and ends with the last L1 entry', () => {
    const storage = create({ size: 64 * M });
    expect(storage.size).toBe(3 * 65536 + 8);
    expect(u64At(storage, 65536)).toBe(0x20000n);
    expect(u64At(storage, 0x20000)).toBe(0x0001_0001_0001_0001n);
    expect(readHead(storage, { writable: true }).header).toMatchObject({ l1Size: 1, l1TableOffset: 0x30000 });
  });

  it('has no L1 table when it has no size', () => {
    const storage = create({ size: 0 });
    expect(storage.size).toBe(3 * 65536);
    expect(readHead(storage, { writable: true }).header).toMatchObject({ l1Size: 0, l1TableOffset: 0 });
  });

  it.each<[Partial<CreateOptions>, number]>([
    [{ clusterSize: 512 }, 17920],
    [{ clusterSize: 1024 }, 7168],
    [{ clusterSize: 4096 }, 12544],
    [{ clusterSize: 2 * M }, 6291464],
    [{ clusterSize: 512, size: 1024 * M }, 264704],
    [{ clusterSize: 512, size: 256 * M, refcountBits: 64 }, 68096],
    [{ clusterSize: 512, size: 128 * 1024 * M }, 33691648],
    [{ size: M * M, refcountBits: 64 }, 212992],
    [{ preallocation: 'metadata' }, 67436544],
  ])('with %j has %i bytes', (options, bytes) => {
    expect(create({ size: 64 * M, ...options }).size).toBe(bytes);
  });

  it('puts a refcount block that is missing behind the L1 table that needs it', () => {
    const storage = create({ size: 1024 * M, clusterSize: 512 });
    expect([0, 1, 2].map((index) => u64At(storage, 0x200 + index * 8))).toEqual([0x400n, 0x40600n, 0x40800n]);
  });

  it('maps every cluster in ascending order when it preallocates', () => {
    const storage = create({ size: 64 * M, preallocation: 'metadata' });
    expect(u64At(storage, 0x30000)).toBe(0x8000000000040000n);
    expect([0, 1, 1023].map((index) => u64At(storage, 0x40000 + index * 8))).toEqual([
      0x8000000000050000n,
      0x8000000000060000n,
      0x8000000004040000n,
    ]);
  });

  it('replaces what the storage held before', () => {
    const storage = MemoryStorage.from(new Uint8Array(300_000).fill(0xff));
    createImage(storage, { size: 64 * M });
    expect(Buffer.compare(storage.toBytes(), create({ size: 64 * M }).toBytes())).toBe(0);
  });

  it('describes an empty disk until the last write, which comes after a flush', () => {
    const log: string[] = [];
    const storage = new (class extends MemoryStorage {
      override write(at: number, bytes: Uint8Array): void {
        super.write(at, bytes);
        log.push(`write ${at}, size ${u64At(this, 24)}`);
      }
      override flush(_why?: Purpose): void {
        log.push('flush');
      }
    })();
    createImage(storage, { size: 64 * M, preallocation: 'metadata' });
    const last = `write 0, size ${64 * M}`;
    expect(log.filter((line) => !line.endsWith('size 0') && line !== 'flush')).toEqual([last]);
    expect(log.slice(-3)).toEqual(['flush', last, 'flush']);
  });

  it('is refused before anything is overwritten', () => {
    const storage = create({ size: 64 * M });
    const before = storage.toBytes();
    for (const wrong of [
      { clusterSize: 1000 },
      { clusterSize: 512, size: 2 ** 50 },
      { backingFile: 'x'.repeat(2000) },
    ]) {
      expect(() => createImage(storage, { size: M, backingFormat: 'raw', ...wrong })).toThrow();
    }
    expect(storage.toBytes()).toEqual(before);
  });
});
