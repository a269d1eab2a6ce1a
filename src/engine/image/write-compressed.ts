import { deflateRaw } from '../codec/deflate.ts';
import { zstdCompress } from '../codec/zstd.ts';
import { EngineError } from '../errors.ts';
import type { GuestOffset, HostOffset } from '../format/addresses.ts';
import { usesZstd } from '../format/header.ts';
import { encodeCompressed, l2KindOf } from '../format/l2-entry.ts';
import { refcountMax } from '../format/refcount-block.ts';
import { beginGuestWrite } from './begin-write.ts';
import { endGuestWrite } from './flush.ts';
import type { Image } from './image.ts';
import { highOf, hostOffsetOf, lowOf, setL2Entry, setSubclusters } from './l2-access.ts';
import { ensureL2Entry } from './l2-tables.ts';
import { orderLink } from './link.ts';
import { markCorrupt } from './mark-corrupt.ts';
import { writeData } from './write.ts';

/**
 * Writes whole clusters compressed; the last cluster of the disk may be partial. A cluster that does not shrink is
 * written as it is. Streams are packed back to back into host clusters that they share.
 * @throws EngineError unsupported in an encrypted image, invalid-argument for a range not aligned to clusters, io where a cluster is allocated already
 */
export function writeCompressed(image: Image, at: GuestOffset, bytes: Uint8Array): void {
  // Compressed clusters are not encrypted: what the guest wrote would stand in the clear between what it hid.
  if (image.cipher !== null) {
    throw new EngineError('unsupported', 'Compression and encryption not supported at the same time');
  }
  beginGuestWrite(image, at, bytes.length);
  const { clusterSize } = image.geometry;
  const end = at + bytes.length;
  if (at % clusterSize !== 0 || (end % clusterSize !== 0 && end !== image.virtualSize)) {
    throw new EngineError('invalid-argument', 'A compressed write must cover whole clusters. Nothing was written.');
  }
  for (let done = 0; done < bytes.length; done += clusterSize) {
    writeCluster(image, at + done, bytes.subarray(done, done + clusterSize));
  }
  endGuestWrite(image);
}

function writeCluster(image: Image, at: GuestOffset, bytes: Uint8Array): void {
  const entry = ensureL2Entry(image, at);
  const kind = l2KindOf(image.geometry, highOf(entry), lowOf(entry));
  if (kind === 'compressed' || hostOffsetOf(entry) !== 0) {
    throw new EngineError(
      'io',
      `The cluster at guest offset ${at} is allocated already; compressed data cannot replace it.`,
    );
  }
  const { clusterSize } = image.geometry;
  let content = bytes;
  if (bytes.length < clusterSize) {
    content = new Uint8Array(clusterSize);
    content.set(bytes);
  }
  // A stream must be shorter than a cluster to be worth it.
  const room = new Uint8Array(clusterSize - 1);
  const length = usesZstd(image.header) ? zstdCompress(content, room) : deflateRaw(content, room);
  if (length === null) return writeData(image, at, bytes);

  const hostOffset = allocateBytes(image, length);
  image.decompressed = null;
  image.file.write(hostOffset, room.subarray(0, length), 'compressed-data');
  // An entry whose stream did not reach the disk could not be read at all.
  orderLink(image, { isNew: true, mustPrecedeLink: true });
  const [high, low] = encodeCompressed(image.geometry, hostOffset, length);
  if (image.geometry.extendedL2) setSubclusters(image, entry, 0, 0);
  setL2Entry(image, entry, high, low);
}

/**
 * Room for a stream: right behind the one before where its host cluster has room left (or the next cluster is free),
 * else in a new cluster. Each stream counts once in every cluster that it touches.
 */
function allocateBytes(image: Image, length: number): HostOffset {
  const { clusterSize } = image.geometry;
  const { allocator } = image;
  const free = image.compressedEnd;
  const room = free % clusterSize === 0 ? 0 : clusterSize - (free % clusterSize);
  const missing = Math.ceil((length - room) / clusterSize);
  if (room > 0 && image.refcounts.get(image.clusterOf(free)) < refcountMax(image.geometry.refcountBits)) {
    const next = free + room;
    if (length <= room || allocator.allocateAt(next, missing) === missing) {
      allocator.reference(free - (free % clusterSize), 1);
      image.compressedEnd = free + length;
      return free;
    }
  }
  const hostOffset = allocator.allocate(Math.ceil(length / clusterSize));
  if (hostOffset === 0) markCorrupt(image, 'Preventing invalid allocation of compressed cluster at offset 0');
  image.compressedEnd = hostOffset + length;
  return hostOffset;
}
