import type { GuestOffset, GuestSource } from '#engine';
import { BACKING, SECTOR, writtenBytes } from './sector-content.ts';

/** A backing file in which every sector says where it stands; it is computed, not stored. */
export function backingSource(virtualSize: number): GuestSource {
  return {
    virtualSize,
    readAt(at: GuestOffset, into: Uint8Array): void {
      const start = at - (at % SECTOR);
      const length = Math.ceil((at + into.length - start) / SECTOR) * SECTOR;
      const bytes = writtenBytes(BACKING, start, length);
      bytes.fill(0, Math.max(0, Math.min(length, virtualSize - start)));
      into.set(bytes.subarray(at - start, at - start + into.length));
    },
    zeroRunAt: (at: GuestOffset, lengthMax: number) => (at >= virtualSize ? lengthMax : 0),
    close() {},
  };
}
