import { EngineError } from '../errors.ts';
import { decompressCluster } from '../codec/cluster-codec.ts';
import type { GuestOffset, HostOffset } from '../format/addresses.ts';
import { compressionOf } from '../format/header.ts';
import { extentAt } from './extents.ts';
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
      case 'compressed': {
        const cluster = decompress(image, extent.hostOffset, extent.lengthMax);
        part.set(cluster.subarray(extent.skip, extent.skip + extent.length));
      }
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

/** The whole decompressed cluster whose stream starts at `hostOffset`; valid until the next call. */
function decompress(image: Image, hostOffset: HostOffset, lengthMax: number): Uint8Array {
  if (image.decompressed?.hostOffset === hostOffset) return image.decompressed.bytes;
  const stream = new Uint8Array(lengthMax);
  image.file.event('read_compressed');
  image.file.read(hostOffset, stream);
  const bytes = new Uint8Array(image.geometry.clusterSize);
  const produced = decompressCluster(compressionOf(image.header), stream, bytes);
  if (produced < bytes.length) {
    throw new EngineError(
      'corrupt',
      `The compressed cluster at host offset ${hostOffset} ends after ${produced} of ${bytes.length} bytes; its data cannot be read.`,
    );
  }
  image.decompressed = { hostOffset, bytes };
  return bytes;
}
