import { StepFailure } from '../errors.ts';
import type { HostOffset } from '../format/addresses.ts';
import type { Storage } from '../storage/storage.ts';
import { writeZeros } from './data-file-holes.ts';

/** How new clusters get their room on the disk: by and by as they are written, or at once. */
export type Preallocation = 'off' | 'metadata' | 'falloc' | 'full';

/** Grows a file to `size`, with disk space behind the new part where the mode asks for it. @throws StepFailure */
export function growFile(file: Growing, size: number, mode: Preallocation): void {
  if (size <= file.size) return;
  if (mode === 'falloc' || mode === 'full') takeSpace(file, file.size, size - file.size, mode);
  else StepFailure.during('Could not resize file', () => file.truncate(size, 'truncate'));
}

/** Work that makes room in the file of an image for all of its clusters. @throws StepFailure with QEMU's text */
export function makeRoom(work: () => void): void {
  StepFailure.during('Failed to resize underlying file', work);
}

type Growing = Pick<Storage, 'size' | 'write' | 'truncate' | 'reserve'>;

/**
 * Gives a new part of a file its disk space: where the host cannot reserve it, or is not to, zeros are written.
 * @throws StepFailure
 */
export function takeSpace(
  file: Pick<Storage, 'write' | 'reserve'>,
  at: HostOffset,
  length: number,
  mode: 'falloc' | 'full',
): void {
  const step = mode === 'falloc' ? 'Could not preallocate new data' : 'Could not write zeros for preallocation';
  StepFailure.during(step, () => {
    if (mode === 'falloc' && file.reserve?.(at, length) === true) return;
    writeZeros(file, at, length);
  });
}
