import { setU64, viewOf } from '../bytes/big-endian.ts';
import type { HostOffset } from '../format/addresses.ts';
import type { Purpose } from '../storage/storage.ts';
import type { ImageFile } from './image-file.ts';

export interface PointerSwitch {
  readonly at: HostOffset;
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  readonly why: Purpose;
}

/**
 * Makes the header point to a structure that moved, durably (bytes within one sector). When that fails, nobody knows which
 * of the two places the disk names, while the session goes on with the old one; so the old pointer is written again. If
 * that fails too, the file takes no further flush: nothing that the pointer could lose is acknowledged any more.
 */
export function switchPointer(file: ImageFile, { at, before, after, why }: PointerSwitch): void {
  writingBackOnFailure(file, { at, before, why }, () => {
    file.write(at, after, why);
    file.flush('flush-ordering');
  });
}

/** Where the work fails, what stood there is written again; where that fails too, the file takes no further flush. */
export function writingBackOnFailure(
  file: ImageFile,
  { at, before, why }: Omit<PointerSwitch, 'after'>,
  work: () => void,
): void {
  try {
    work();
  } catch (error) {
    try {
      file.write(at, before, why);
    } catch {
      file.giveUp(error);
    }
    throw error;
  }
}

/** How the header names L1 and snapshot table: entries as 32 bits, then the host offset. */
export function countAndOffset(entryCount: number, hostOffset: HostOffset): Uint8Array {
  const pointer = new Uint8Array(12);
  viewOf(pointer).setUint32(0, entryCount);
  setU64(viewOf(pointer), 4, hostOffset);
  return pointer;
}
