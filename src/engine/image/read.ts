import { EngineError } from '../errors.ts';
import { decompressCluster } from '../codec/cluster-codec.ts';
import type { GuestOffset, HostOffset } from '../format/addresses.ts';
import { compressionOf } from '../format/header.ts';
import { type CompressedExtent, extentAt } from './extents.ts';
import { readGuestData } from './guest-data.ts';
import type { GuestSource } from './guest-source.ts';
import type { Image } from './image.ts';

/**
 * Reads guest bytes: from the image where it has them, from the backing file where it does not, zeros where neither has.
 * @throws EngineError io, corrupt, invalid-argument (range)
 */
export function readAt(image: Image, at: GuestOffset, into: Uint8Array): void {
  image.mustBeOpen();
  image.mustContain(at, into.length);
  readRange(image, at, into);
}

/** Reads without looking at the size of the disk: the VM state lies beyond it. */
export function readRange(image: Image, at: GuestOffset, into: Uint8Array): void {
  for (let done = 0; done < into.length;) {
    const extent = extentAt(image, at + done, into.length - done);
    const part = into.subarray(done, done + extent.length);
    switch (extent.kind) {
      case 'data':
        image.file.event('read_aio');
        readGuestData(image, { guest: at + done, host: extent.hostOffset }, part);
        break;
      case 'zero':
        part.fill(0);
        break;
      case 'unallocated':
        if (image.backing !== null) image.file.event('read_backing_aio');
        readBacking(image.backing, at + done, part);
        break;
      case 'compressed':
        readCompressed(image, extent, part);
    }
    done += extent.length;
  }
}

/** Reads from the backing file; past its end, or without one, zeros. */
export function readBacking(backing: GuestSource | null, at: GuestOffset, into: Uint8Array): void {
  const available = backing === null ? 0 : Math.min(into.length, Math.max(0, backing.virtualSize - at));
  if (backing !== null && available > 0) backing.readAt(at, into.subarray(0, available));
  into.fill(0, available);
}

/** Reads a part of a compressed cluster. What is read in parts is kept, as the next part usually follows. */
function readCompressed(image: Image, extent: CompressedExtent, into: Uint8Array): void {
  const { hostOffset, lengthMax, skip, length } = extent;
  if (length === image.geometry.clusterSize) return decompress(image, hostOffset, lengthMax, into);
  if (image.decompressed?.hostOffset !== hostOffset) {
    const bytes = image.decompressed?.bytes ?? new Uint8Array(image.geometry.clusterSize);
    image.decompressed = null;
    decompress(image, hostOffset, lengthMax, bytes);
    image.decompressed = { hostOffset, bytes };
  }
  into.set(image.decompressed.bytes.subarray(skip, skip + length));
}

/** Memory for a stream, used again and again. */
let room = new Uint8Array(0);

/** Fills a cluster from the stream that starts at `hostOffset`. */
function decompress(image: Image, hostOffset: HostOffset, lengthMax: number, cluster: Uint8Array): void {
  if (room.length < lengthMax) room = new Uint8Array(lengthMax);
  const stream = room.subarray(0, lengthMax);
  image.file.event('read_compressed');
  image.file.read(hostOffset, stream);
  const produced = decompressCluster(compressionOf(image.header), stream, cluster);
  if (produced < cluster.length) {
    throw new EngineError(
      'corrupt',
      `The compressed cluster at host offset ${hostOffset} ends after ${produced} of ${cluster.length} bytes; its data cannot be read.`,
    );
  }
}
