import { compressCluster } from '../codec/cluster-codec.ts';
import { EngineError, isEngineError } from '../errors.ts';
import type { GuestOffset, HostOffset } from '../format/addresses.ts';
import { compressionOf } from '../format/header.ts';
import { compressedOffsetMax, encodeCompressed, l2KindOf } from '../format/l2-entry.ts';
import { refcountMax } from '../format/refcount-block.ts';
import { beginGuestWrite } from './begin-write.ts';
import { endGuestWrite } from './flush.ts';
import type { Image } from './image.ts';
import { highOf, hostOffsetOf, lowOf, setL2Entry, setSubclusters } from './l2-access.ts';
import { ensureL2Entry } from './l2-tables.ts';
import { orderLink } from './link.ts';
import { markCorrupt } from './mark-corrupt.ts';
import { writeData } from './write.ts';

/** QEMU compresses as many at a time: those are written although the first of them fails. */
const CLUSTERS_AT_WORK = 8;

/**
 * Writes whole clusters compressed; the last cluster of the disk may be partial. A cluster that does not shrink is
 * written as it is. Streams are packed back to back into host clusters that they share.
 * @param stream of the only cluster, if it was compressed before (null: it does not shrink)
 * @throws EngineError unsupported in an encrypted image, invalid-argument for a range not aligned to clusters, io where a cluster is allocated already,
 *   too-large where free clusters lie farther behind than a descriptor can say
 */
export function writeCompressed(image: Image, at: GuestOffset, bytes: Uint8Array, stream?: Uint8Array | null): void {
  // Compressed clusters are not encrypted: what the guest wrote would stand in the clear between what it hid.
  if (image.cipher !== null) {
    throw new EngineError('unsupported', 'Compression and encryption not supported at the same time');
  }
  beginGuestWrite(image, at, bytes.length);
  if (image.geometry.hasDataFile) {
    throw new EngineError('unsupported', 'An external data file cannot hold compressed clusters. Nothing was written.');
  }
  const { clusterSize } = image.geometry;
  const end = at + bytes.length;
  if (at % clusterSize !== 0 || (end % clusterSize !== 0 && end !== image.virtualSize)) {
    throw new EngineError('invalid-argument', 'A compressed write must cover whole clusters. Nothing was written.');
  }
  let failure: EngineError | null = null;
  for (let done = 0, stop = bytes.length; done < stop; done += clusterSize) {
    try {
      writeCluster(image, at + done, bytes.subarray(done, done + clusterSize), stream);
    } catch (error) {
      if (!isEngineError(error)) throw error;
      failure ??= error;
      stop = Math.min(stop, done + CLUSTERS_AT_WORK * clusterSize);
    }
  }
  if (failure !== null) throw failure;
  endGuestWrite(image);
}

function writeCluster(image: Image, at: GuestOffset, bytes: Uint8Array, known: Uint8Array | null | undefined): void {
  const entry = ensureL2Entry(image, at);
  const kind = l2KindOf(image.geometry, highOf(entry), lowOf(entry));
  if (kind === 'compressed' || hostOffsetOf(entry) !== 0) {
    throw new EngineError(
      'io',
      `The cluster at guest offset ${at} is allocated already; compressed data cannot replace it.`,
    );
  }
  const stream = known === undefined ? compressCluster(compressionOf(image.header), padded(image, bytes)) : known;
  if (stream === null) return writeData(image, at, bytes);

  const hostOffset = allocateBytes(image, stream.length);
  image.decompressed = null;
  try {
    image.file.event('write_compressed');
    image.file.write(hostOffset, stream, 'compressed-data');
    // An entry whose stream did not reach the disk could not be read at all.
    orderLink(image, { isNew: true, mustPrecedeLink: true });
    image.file.event('l2_update_compressed');
  } catch (error) {
    freeBytes(image, hostOffset, stream.length);
    throw error;
  }
  const [high, low] = encodeCompressed(image.geometry, hostOffset, stream.length);
  if (image.geometry.extendedL2) setSubclusters(image, entry, 0, 0);
  setL2Entry(image, entry, high, low);
}

/** The disk may end within its last cluster; a stream holds a whole one. */
function padded({ geometry: { clusterSize } }: Image, bytes: Uint8Array): Uint8Array {
  if (bytes.length === clusterSize) return bytes;
  const cluster = new Uint8Array(clusterSize);
  cluster.set(bytes);
  return cluster;
}

/**
 * Room for a stream: right behind the one before where its host cluster has room left (or the next cluster is free),
 * else in a new cluster. Each stream counts once in every cluster that it touches.
 */
function allocateBytes(image: Image, length: number): HostOffset {
  const { clusterSize } = image.geometry;
  const { allocator } = image;
  const hostOffsetMax = compressedOffsetMax(image.geometry);
  image.file.event('cluster_alloc_bytes');
  const free = image.compressedEnd;
  const room = free % clusterSize === 0 ? 0 : clusterSize - (free % clusterSize);
  const missing = Math.ceil((length - room) / clusterSize);
  if (room > 0 && image.refcounts.get(image.clusterOf(free)) < refcountMax(image.geometry.refcountBits)) {
    const next = free + room;
    const isReachable = next + missing * clusterSize - 1 <= hostOffsetMax;
    if (length <= room || (isReachable && allocator.allocateAt(next, missing) === missing)) {
      allocator.reference(free - (free % clusterSize), 1);
      image.compressedEnd = free + length;
      return free;
    }
  }
  const hostOffset = allocator.allocate(Math.ceil(length / clusterSize), hostOffsetMax);
  if (hostOffset === 0) markCorrupt(image, 'Preventing invalid allocation of compressed cluster at offset 0');
  image.compressedEnd = hostOffset + length;
  return hostOffset;
}

/** Takes back the room of a stream that was not linked; its clusters may hold parts of others. */
function freeBytes(image: Image, hostOffset: HostOffset, length: number): void {
  const first = image.clusterOf(hostOffset);
  const clusterCount = image.clusterOf(hostOffset + length - 1) - first + 1;
  image.allocator.free(first * image.geometry.clusterSize, clusterCount);
  image.compressedEnd = 0;
}
