import type { CodecItem } from '../codec/codec-job.ts';
import type { GuestOffset } from '../format/addresses.ts';
import { extentAt } from './extents.ts';
import type { Image } from './image.ts';
import { readRange } from './read.ts';

/** Streams whose places in the file lie this close are read as one. */
const GAP_MAX = 4096;

/**
 * Reads guest bytes like `readAt`, except for whole compressed clusters: their streams come into `room`, as far as they fit.
 * Returns where each stands there, to the place where it ends at the latest, and where its cluster belongs in `into`.
 * @throws EngineError io, corrupt, invalid-argument (range)
 */
export function readAllButCompressed(image: Image, at: GuestOffset, into: Uint8Array, room: Uint8Array): CodecItem[] {
  image.mustBeOpen();
  image.mustContain(at, into.length);
  const items: CodecItem[] = [];
  // What is to be read next: bytes of the file from `host` on go to [used, end) of the room.
  let host = 0;
  let used = 0;
  let end = 0;
  const readOn = () => {
    image.file.read(host, room.subarray(used, end));
    used = end;
  };
  for (let done = 0; done < into.length;) {
    const extent = extentAt(image, at + done, into.length - done);
    const length = extent.length;
    if (extent.kind === 'compressed' && length === image.geometry.clusterSize) {
      const { hostOffset, lengthMax } = extent;
      const continues = hostOffset >= host && hostOffset <= host + (end - used) + GAP_MAX;
      if (!continues && end > used) readOn();
      if (!continues) host = hostOffset;
      const from = used + (hostOffset - host);
      if (from + lengthMax <= room.length) {
        items.push({ from, length: lengthMax, to: done });
        end = Math.max(end, from + lengthMax);
        done += length;
        continue;
      }
    }
    readRange(image, at + done, into.subarray(done, done + length));
    done += length;
  }
  if (end > used) readOn();
  return items;
}
