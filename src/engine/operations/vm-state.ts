import type { GuestOffset } from '../format/addresses.ts';
import { l1EntriesFor } from '../format/geometry.ts';
import { beginGuestWrite } from '../image/begin-write.ts';
import { endGuestWrite } from '../image/flush.ts';
import type { Image } from '../image/image.ts';
import { readRange } from '../image/read.ts';
import { writeData } from '../image/write.ts';
import { growL1Table } from './grow-l1.ts';

/** Where the VM state of a snapshot starts: the first guest offset that no L2 table of the disk reaches. */
export function vmStateOffset(image: Image): GuestOffset {
  return l1EntriesFor(image.geometry, image.virtualSize) * image.geometry.l2Coverage;
}

/** Reads VM state, `at` counting from its start; what was never written reads as zeros. */
export function readVmState(image: Image, at: number, into: Uint8Array): void {
  image.mustBeOpen();
  image.file.event('vmstate_load');
  readRange(image, vmStateOffset(image) + at, into);
}

/** Writes VM state beyond the end of the disk; the L1 table grows as needed. */
export function writeVmState(image: Image, at: number, bytes: Uint8Array): void {
  beginGuestWrite(image, 0, 0);
  image.file.event('vmstate_save');
  const start = vmStateOffset(image) + at;
  growL1Table(image, l1EntriesFor(image.geometry, start + bytes.length));
  writeData(image, start, bytes);
  endGuestWrite(image);
}
