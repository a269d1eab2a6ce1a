import type { Storage } from '../storage/storage.ts';
import { writeZeros } from './data-file-holes.ts';

/** How new clusters get their room on the disk: by and by as they are written, or at once. */
export type Preallocation = 'off' | 'metadata' | 'falloc' | 'full';

/**
 * Grows a file to `size`, with disk space behind the new part where the mode asks for it. No host that this runs on has a
 * call that reserves space, so it is taken by writing zeros.
 */
export function growFile(file: Pick<Storage, 'size' | 'write' | 'truncate'>, size: number, mode: Preallocation): void {
  if (size <= file.size) return;
  if (mode === 'falloc' || mode === 'full') writeZeros(file, file.size, size - file.size);
  else file.truncate(size, 'truncate');
}
