import type { GuestOffset } from '../format/addresses.ts';
import { extentAt } from './extents.ts';
import type { Image } from './image.ts';
import { readRange } from './read.ts';

/** A part of a read that is still to be decompressed. */
export interface PendingStream {
  /** From where the compressed stream starts to where it ends at the latest. */
  readonly stream: Uint8Array;
  /** Bytes of the decompressed cluster to leave out, and to take. */
  readonly skip: number;
  readonly length: number;
  /** Where they belong in what is read. */
  readonly to: number;
}

/**
 * Reads guest bytes like `readAt`, except for those in compressed clusters, whose streams it returns.
 * @throws EngineError io, corrupt, invalid-argument (range)
 */
export function readAllButCompressed(image: Image, at: GuestOffset, into: Uint8Array): PendingStream[] {
  image.mustBeOpen();
  image.mustContain(at, into.length);
  const pending: PendingStream[] = [];
  for (let done = 0; done < into.length;) {
    const extent = extentAt(image, at + done, into.length - done);
    if (extent.kind === 'compressed') {
      const stream = new Uint8Array(extent.lengthMax);
      image.file.read(extent.hostOffset, stream);
      pending.push({ stream, skip: extent.skip, length: extent.length, to: done });
    } else {
      readRange(image, at + done, into.subarray(done, done + extent.length));
    }
    done += extent.length;
  }
  return pending;
}
