import type { HostOffset } from '../format/addresses.ts';
import type { Purpose } from '../storage/storage.ts';
import type { ImageFile } from './image-file.ts';
import { SLICE_SIZE_MAX } from './table-cache.ts';

/**
 * Writes a table into a newly allocated cluster. Past the end of the file everything reads as zeros already, so there
 * only the slices with content are written, and the last one, so that the file reaches the end of the table.
 */
export function writeFreshTable(file: ImageFile, at: HostOffset, table: Uint8Array, why: Purpose): void {
  if (at < file.size || table.length <= SLICE_SIZE_MAX) return file.write(at, table, why);
  const last = table.length - SLICE_SIZE_MAX;
  let contentEnd = last;
  while (contentEnd > 0 && isZero(table.subarray(contentEnd - SLICE_SIZE_MAX, contentEnd)))
    contentEnd -= SLICE_SIZE_MAX;
  if (contentEnd > 0) file.write(at, table.subarray(0, contentEnd), why);
  file.write(at + last, table.subarray(last), why);
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
