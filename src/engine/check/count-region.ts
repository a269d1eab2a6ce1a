import type { HostOffset } from '../format/addresses.ts';
import type { CheckLog } from './check-log.ts';
import type { Mender } from './mender.ts';
import { ACTIVE_COPIED, ACTIVE_SHARED, COUNT_MASK, type ReferenceMap } from './reference-map.ts';
import type { Finding } from './report.ts';
import { clusterCountOf, clusterOf, fileLengthOf, type Subject } from './subject.ts';

/** What the passes work with: the image, the references counted so far, where findings go, and who mends (or nobody). */
export interface CheckPass {
  readonly subject: Subject;
  readonly map: ReferenceMap;
  readonly log: CheckLog;
  readonly mender: Mender | null;
  /** Clusters met a second time where nothing may be shared. */
  readonly crossLinked: Set<number>;
  /** Something was met that the word-wise comparison does not prove sound: the COPIED flags need a pass of their own. */
  needsCopiedPass: boolean;
  /** QEMU signals a corrupt image once. */
  hasSignalledCorruption: boolean;
}

/**
 * Who else may use the same cluster: nobody (`exclusive`), other compressed streams (`compressed`), or other snapshots
 * (`shared`).
 */
export type Sharing = 'exclusive' | 'compressed' | 'shared';

/**
 * Adds one reference to every cluster that [offset, offset + size) touches. The last cluster of the file may be
 * half-written, so a region may end up to a cluster behind the file's end; one that ends further out is not counted.
 * `pointer` is where the image names the region, `offsetHex` its place where a number may not hold that exactly. Returns
 * whether the region lies in the file.
 */
export function countRegion(
  pass: CheckPass,
  offset: HostOffset,
  size: number,
  sharing: Sharing,
  pointer: Finding['at'],
  offsetHex = offset.toString(16),
): boolean {
  const { subject, map, log } = pass;
  if (size <= 0) return true;
  if (offset + size - fileLengthOf(subject) >= subject.geometry.clusterSize) {
    const isMended = mendBeyondEnd(pass, offset, size);
    reportBeyondEnd(pass, offsetHex, size, pointer, isMended);
    if (!isMended) {
      map.addDangling({ first: clusterOf(subject, offset), last: clusterOf(subject, offset + size - 1) });
      return false;
    }
  }
  const last = clusterOf(subject, offset + size - 1);
  for (let cluster = clusterOf(subject, offset); cluster <= last; cluster++) {
    const isShared = (map.bytes[cluster]! & FORBIDDEN[sharing]) !== 0;
    if (isShared && pass.crossLinked.size < CROSS_LINKED_MAX) pass.crossLinked.add(cluster);
    if (map.add(cluster)) continue;
    const clusterOffset = cluster * subject.geometry.clusterSize;
    log.corruption({
      kind: 'reference-overflow',
      message: `ERROR: overflow cluster offset=0x${clusterOffset.toString(16)}`,
      mendedBy: 'nothing',
      at: { hostOffset: clusterOffset, length: subject.geometry.clusterSize },
      cluster,
    });
    log.line(OVERFLOW_ADVICE);
  }
  return true;
}

/** Notes the clusters of a region, counted before, that have more than this one reference. */
export function noteShared({ subject, map, crossLinked }: CheckPass, offset: HostOffset, size: number): void {
  const end = Math.min(clusterOf(subject, offset + size - 1) + 1, map.clusterCount);
  for (let cluster = clusterOf(subject, offset); cluster < end; cluster++) {
    if (map.countOf(cluster) > 1 && crossLinked.size < CROSS_LINKED_MAX) crossLinked.add(cluster);
  }
}

export function reportBeyondEnd(
  { log }: CheckPass,
  offsetHex: string,
  size: number,
  pointer: Finding['at'],
  isMended: boolean,
): void {
  const finding = {
    kind: 'beyond-end-of-file',
    message:
      'ERROR: counting reference for region exceeding the end of the file by one cluster or more: ' +
      `offset 0x${offsetHex} size 0x${size.toString(16)}`,
    mendedBy: isMended ? 'all' : 'nothing',
    at: pointer,
  } as const;
  if (isMended) log.mended('corruption', finding);
  else log.corruption(finding);
}

/** A pointer further out than this is no trace of a lost file growth but a broken entry. */
const LOST_GROWTH_MAX = 2 ** 30;

/**
 * After a power cut an entry can have reached the disk and the growth of the file not: the cluster held nothing that was
 * acknowledged. Making the file long enough again gives the entry its cluster back, reading as zeros. (QEMU leaves such
 * entries as errors.)
 */
function mendBeyondEnd({ subject, mender, map }: CheckPass, offset: HostOffset, size: number): boolean {
  const { clusterSize } = subject.geometry;
  if (mender === null || mender.mode !== 'all' || !subject.isDirty) return false;
  if (offset % clusterSize !== 0 || offset + size - fileLengthOf(subject) > LOST_GROWTH_MAX) return false;
  if (!mender.growFile(offset + size)) return false;
  map.growFile(clusterCountOf(subject));
  return true;
}

/** A copied table makes millions of them, and nobody looks at more. */
const CROSS_LINKED_MAX = 100_000;

/** Bits of a cluster's byte that tell that somebody else uses it already. */
const FORBIDDEN: Readonly<Record<Sharing, number>> = {
  exclusive: COUNT_MASK,
  compressed: ACTIVE_COPIED | ACTIVE_SHARED,
  shared: 0,
};

const OVERFLOW_ADVICE =
  'Use qemu-img amend to increase the refcount entry width or qemu-img convert to create a clean copy if the image ' +
  'cannot be opened for writing';
