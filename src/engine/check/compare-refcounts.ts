import { transferMemory } from '../bytes/transfer-memory.ts';
import { imageIsCorrupt, markingAsCorrupt } from '../corruption-text.ts';
import type { HostCluster } from '../format/addresses.ts';
import { getRefcount } from '../format/refcount-block.ts';
import type { LongTask } from '../progress.ts';
import type { CheckPass } from './count-region.ts';
import { RefcountReader, refcountText, type RefcountBlock } from './refcount-reader.ts';
import { isSoundRange } from './sound-range.ts';

export interface CompareResult {
  /** A referenced cluster has refcount 0, and only new refcount structures can hold its count. */
  readonly needsRebuild: boolean;
  /** The last cluster with a refcount or a reference; 0 if there is none. */
  readonly highestCluster: HostCluster;
}

/** Which mismatches the pass's mender corrects while they are found. */
export interface CompareFix {
  readonly leaks: boolean;
  readonly errors: boolean;
}

export const FIX_NOTHING: CompareFix = { leaks: false, errors: false };

/** Compares the counted references with the refcounts in the image, block by block. */
export function* compareRefcounts(pass: CheckPass, fix: CompareFix): LongTask<CompareResult> {
  const { map, subject } = pass;
  const { refcountBlockEntries } = subject.geometry;
  const blocks = new RefcountReader(subject);
  const buffer = transferMemory(subject.geometry.clusterSize);
  const blockCount = Math.ceil(map.clusterCount / refcountBlockEntries);
  let needsRebuild = false;
  let highestCluster = 0;
  for (let index = 0; index < blockCount; index++) {
    const block = blocks.passingBlock(index, buffer);
    const start = index * refcountBlockEntries;
    const end = Math.min(start + refcountBlockEntries, map.clusterCount);
    if (isSoundRange(pass, block, start, end)) {
      // What agrees with the references ends where they end.
      highestCluster = map.lastReferenced(start, end) ?? highestCluster;
    } else {
      const exact = compareExactly(pass, { block, index, start, end }, fix);
      needsRebuild ||= exact.needsRebuild;
      highestCluster = Math.max(highestCluster, exact.highestCluster);
    }
    if (index % 64 === 63) yield { phase: 'compare', done: end, total: map.clusterCount };
  }
  return { needsRebuild, highestCluster };
}

interface BlockRange {
  readonly block: RefcountBlock;
  readonly index: number;
  readonly start: HostCluster;
  readonly end: HostCluster;
}

function compareExactly(pass: CheckPass, { block, index, start, end }: BlockRange, fix: CompareFix): CompareResult {
  const { map, subject } = pass;
  const { refcountBits } = subject.geometry;
  let needsRebuild = false;
  let highestCluster = 0;
  if (block.kind === 'unaligned') reportUnalignedBlock(pass, block.offsetHex, index);
  for (let cluster = start; cluster < end; cluster++) {
    if (block.kind === 'unaligned' || block.kind === 'unreadable') {
      pass.log.checkError({
        kind: 'io-error',
        message: `Can't get refcount for cluster ${cluster}: Input/output error`,
        mendedBy: 'rebuild',
        cluster,
      });
      continue;
    }
    const refcount = block.kind === 'absent' ? 0 : getRefcount(block.bytes, refcountBits, cluster - start);
    const references = map.countOf(cluster);
    if (refcount > 0 || references > 0) highestCluster = cluster;
    if (refcount === references) continue;
    if (refcount === 0) needsRebuild = true;
    const text = refcountText(block, refcountBits, cluster - start, refcount);
    judgeMismatch(pass, { cluster, refcount, references, text }, fix);
  }
  return { needsRebuild, highestCluster };
}

interface Mismatch {
  readonly cluster: HostCluster;
  readonly refcount: number;
  readonly references: number;
  /** The refcount in digits. */
  readonly text: string;
}

function judgeMismatch(pass: CheckPass, { cluster, refcount, references, text }: Mismatch, fix: CompareFix): void {
  const { log, mender, subject } = pass;
  const { clusterSize } = subject.geometry;
  const isLeak = refcount > references;
  const isFixed = mender !== null && refcount !== 0 && (isLeak ? fix.leaks : fix.errors);
  const word = isFixed ? 'Repairing' : isLeak ? 'Leaked' : 'ERROR';
  const finding = {
    kind: isLeak ? 'refcount-too-high' : 'refcount-too-low',
    message: `${word} cluster ${cluster} refcount=${text} reference=${references}`,
    mendedBy: isLeak ? 'leaks' : refcount === 0 ? 'rebuild' : 'all',
    at: { hostOffset: cluster * clusterSize, length: clusterSize },
    cluster,
    refcount,
    references,
  } as const;
  if (isFixed) {
    mender.setRefcount(cluster, references, isLeak);
    log.mended(isLeak ? 'leak' : 'corruption', finding);
  } else if (isLeak) {
    log.leak(finding);
  } else {
    log.corruption(finding);
  }
}

/** QEMU says once that the image is corrupt, whatever else it finds of that sort, and marks it where it may write. */
function reportUnalignedBlock(pass: CheckPass, offsetHex: string, index: number): void {
  if (pass.hasSignalledCorruption) return;
  pass.hasSignalledCorruption = true;
  const what = `Refblock offset 0x${offsetHex} unaligned (reftable index: ${hexWithPrefix(index)})`;
  const isMarked = pass.mender?.foundCorrupt() ?? false;
  pass.log.line(isMarked ? markingAsCorrupt(what) : imageIsCorrupt(what));
}

/** C's %#x writes 0 without the prefix. */
function hexWithPrefix(value: number): string {
  return value === 0 ? '0' : `0x${value.toString(16)}`;
}
