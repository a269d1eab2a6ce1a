import { describe, expect, it } from 'vitest';
import { createImage, growFile, MemoryStorage, openImage, type Preallocation } from '#engine';
import { unitOfHoles } from '../../../src/engine/image/metadata-preallocation.ts';

const MIB = 1024 * 1024;

/** Takes space as a file system does, or refuses to. */
class ReservingStorage extends MemoryStorage {
  readonly canReserve: boolean;
  reserved = 0;
  written = 0;

  constructor(canReserve: boolean) {
    super();
    this.canReserve = canReserve;
  }

  reserve(at: number, length: number): boolean {
    if (!this.canReserve) return false;
    this.truncate(at + length);
    this.reserved += length;
    return true;
  }

  override write(at: number, bytes: Uint8Array): void {
    super.write(at, bytes);
    this.written += bytes.length;
  }
}

describe('the space of a file that grows', () => {
  it.each<{ mode: Preallocation; canReserve: boolean; reserved: number; written: number }>([
    { mode: 'off', canReserve: true, reserved: 0, written: 0 },
    { mode: 'falloc', canReserve: true, reserved: 3 * MIB, written: 0 },
    { mode: 'falloc', canReserve: false, reserved: 0, written: 3 * MIB },
    { mode: 'full', canReserve: true, reserved: 0, written: 3 * MIB },
  ])('with $mode, reserving $canReserve', ({ mode, canReserve, reserved, written }) => {
    const storage = new ReservingStorage(canReserve);
    growFile(storage, 3 * MIB, mode);
    expect({ size: storage.size, reserved: storage.reserved, written: storage.written }).toEqual({
      size: 3 * MIB,
      reserved,
      written,
    });
  });

  it('is reserved for the clusters of a new disk', () => {
    const storage = new ReservingStorage(true);
    createImage(storage, { size: 16 * MIB, preallocation: 'falloc' });
    expect(storage.reserved).toBe(16 * MIB);
    expect(storage.written).toBeLessThan(MIB);
  });
});

describe('the unit in which holes of a file count', () => {
  function unitWith(preallocation: Preallocation, allocatedBytes: number): number | null {
    const storage = new MemoryStorage();
    createImage(storage, { size: 16 * MIB, preallocation });
    return unitOfHoles(openImage(storage), allocatedBytes);
  }

  it('is none where most clusters have their space', () => {
    expect(unitWith('falloc', 16 * MIB)).toBeNull();
    expect(unitWith('off', 20 * 1024)).toBeNull();
  });

  it('is a byte where most clusters have not even a page', () => {
    expect(unitWith('metadata', 64 * 1024)).toBe(1);
  });

  it('is a cluster where all clusters may have been written in part', () => {
    expect(unitWith('metadata', 4 * MIB)).toBe(65536);
  });
});
