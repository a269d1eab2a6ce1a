import type { GuestOffset, HostOffset } from '../format/addresses.ts';
import { l1IndexOf } from '../format/geometry.ts';
import { isCopied } from '../format/l1-entry.ts';
import { l2KindOf, type L2Kind } from '../format/l2-entry.ts';
import { beginGuestWrite } from './begin-write.ts';
import { newDataClusters } from './data-clusters.ts';
import { alignedHostOffset, judgeSubclusters } from './extents.ts';
import { endGuestWrite } from './flush.ts';
import { writableUnits, writeGuestData } from './guest-data.ts';
import type { Image } from './image.ts';
import { allocMaskOf, highOf, hostOffsetOf, l2EntryAt, l2OffsetOf, lowOf, type L2Entry } from './l2-access.ts';
import { ensureL2Entry } from './l2-tables.ts';
import { linkRun, prepareLink } from './link.ts';
import { readRange } from './read.ts';
import { subclusterMask } from './subclusters.ts';
import { beforeLink } from './undo-allocation.ts';
import { writeRun } from './write-run.ts';

/**
 * Writes guest bytes: in place where the image owns the cluster, else into new clusters, copying what the write leaves
 * of them from the old ones (copy on write). In writethrough and directsync it is durable on return.
 * @throws EngineError read-only, no-space, io, corrupt, invalid-argument; a failed write may be partly done, earlier
 *   data is intact
 */
export function writeAt(image: Image, at: GuestOffset, bytes: Uint8Array): void {
  beginGuestWrite(image, at, bytes.length);
  writeData(image, at, bytes);
  endGuestWrite(image);
}

/** The part of a guest operation that writes data; the operation itself ends with the flush that its cache mode asks for. */
export function writeData(image: Image, requestAt: GuestOffset, request: Uint8Array): void {
  const { at, bytes } = writableUnits(image, requestAt, request, (from, into) => readRange(image, from, into));
  let hostEnd: HostOffset | null = null;
  for (let done = 0; done < bytes.length;) {
    const part: WrittenPart = writePart(image, at + done, done === 0 ? bytes : bytes.subarray(done), hostEnd);
    done += part.length;
    hostEnd = part.hostEnd;
  }
}

interface WrittenPart {
  readonly length: number;
  /** Where its last cluster ends in the file: new clusters for what follows are first sought there. */
  readonly hostEnd: HostOffset;
}

/**
 * A run of clusters that a write treats alike: host clusters that exist and are contiguous, or ones to be allocated. One
 * `reuse` among existing ones makes the run that.
 */
interface ClusterRun {
  readonly kind: 'in-place' | 'reuse' | 'allocate';
  readonly clusterCount: number;
  readonly hostOffset: HostOffset;
}

/** Writes the first bytes of a request that one run can take. */
function writePart(image: Image, at: GuestOffset, bytes: Uint8Array, preferred: HostOffset | null): WrittenPart {
  const { clusterSize, l2Coverage } = image.geometry;
  const tableEnd = (l1IndexOf(image.geometry, at) + 1) * l2Coverage;
  const lengthMax = Math.min(bytes.length, tableEnd - at);
  const skip = at % clusterSize;
  const entry = ensureL2Entry(image, at);
  const run = runAt(image, entry, at, lengthMax);
  const isNew = run.kind === 'allocate';
  const wanted = Math.min(run.clusterCount, Math.ceil((skip + lengthMax) / clusterSize));
  const { hostOffset, clusterCount } = isNew
    ? newDataClusters(image, at, wanted, preferred)
    : { hostOffset: run.hostOffset, clusterCount: wanted };
  const length = Math.min(lengthMax, clusterCount * clusterSize - skip);
  const hostEnd = hostOffset + clusterCount * clusterSize;
  const part = length === bytes.length ? bytes : bytes.subarray(0, length);
  if (run.kind === 'in-place') {
    image.file.event('write_aio');
    writeGuestData(image, { guest: at, host: hostOffset + skip }, part, 'guest-data');
    return { length, hostEnd };
  }

  if (isNew) image.decompressed = null;
  const { from, to } = beforeLink(image, { at, clusterCount, hostOffset, isNew }, () => {
    const written = writeRun(image, { at, bytes: part, hostOffset, isNew });
    prepareLink(image, { isNew, mustPrecedeLink: written.mustPrecedeLink });
    return written;
  });
  linkRun(image, { at, clusterCount, hostOffset, isNew, from, to });
  return { length, hostEnd };
}

function runAt(image: Image, first: L2Entry, at: GuestOffset, lengthMax: number): ClusterRun {
  const { clusterSize } = image.geometry;
  const skip = at % clusterSize;
  const clustersWanted = Math.ceil((skip + lengthMax) / clusterSize);
  let kind = treatmentOf(image, first, skip, Math.min(lengthMax, clusterSize - skip));
  const hostOffset = kind === 'allocate' ? 0 : alignedHostOffset(image, first, at);
  const l2Offset = l2OffsetOf(image, l1IndexOf(image.geometry, at));
  let clusterCount = 1;
  while (clusterCount < clustersWanted) {
    const next = l2EntryAt(image, l2Offset, first.index + clusterCount);
    const covered = Math.min(clusterSize, skip + lengthMax - clusterCount * clusterSize);
    const nextKind = treatmentOf(image, next, 0, covered);
    if ((nextKind === 'allocate') !== (kind === 'allocate')) break;
    if (kind !== 'allocate' && hostOffsetOf(next) !== hostOffset + clusterCount * clusterSize) break;
    if (nextKind === 'reuse') kind = nextKind;
    clusterCount++;
  }
  return { kind, clusterCount, hostOffset };
}

/**
 * in-place: the cluster is owned and holds data wherever the write goes. reuse: it is owned, but the entry changes
 * (reserved for zeros, or subclusters not allocated yet). allocate: everything else. Ownership is the COPIED flag.
 */
function treatmentOf(image: Image, entry: L2Entry, skip: number, length: number): ClusterRun['kind'] {
  if (image.geometry.extendedL2) judgeSubclusters(image, entry);
  const high = highOf(entry);
  const kind: L2Kind = l2KindOf(image.geometry, high, lowOf(entry));
  if ((kind !== 'normal' && kind !== 'zero-alloc') || !isCopied(high)) return 'allocate';
  if (kind === 'zero-alloc') return 'reuse';
  if (!image.geometry.extendedL2) return 'in-place';
  const wanted = subclusterMask(image.geometry.subclusterSize, skip, length);
  return (allocMaskOf(entry) & wanted) >>> 0 === wanted ? 'in-place' : 'reuse';
}
