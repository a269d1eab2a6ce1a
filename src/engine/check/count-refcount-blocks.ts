import { joinHalves } from '../bytes/big-endian.ts';
import { countRegion, type CheckPass } from './count-region.ts';
import { clusterCountOf, hexOfHalves } from './subject.ts';

/** Clusters that a repair may always make a file grow to. */
const REACH_MIN = 2 ** 22;
const FILE_OFFSET_MAX = 2 ** 63;

/** Where the image names a block. */
interface Pointer {
  readonly hostOffset: number;
  readonly length: number;
}

/** A refcount table entry of the table under check: the block's offset with the reserved bits masked out. */
export function refcountBlockOffset(table: Uint32Array, index: number): number {
  return joinHalves(table[index * 2]!, table[index * 2 + 1]! & 0xfffffe00);
}

/** The offset as QEMU prints it: a number does not hold the low bits of a huge one. */
export function refcountBlockOffsetHex(table: Uint32Array, index: number): string {
  return hexOfHalves(table[index * 2]!, table[index * 2 + 1]! & 0xfffffe00);
}

/** Told from the low half, for the same reason. */
export function isAlignedRefcountBlock(table: Uint32Array, index: number, clusterSize: number): boolean {
  return (table[index * 2 + 1]! & 0xfffffe00 & (clusterSize - 1)) === 0;
}

/** Counts the refcount blocks and judges the table's entries; true if only new refcount structures help. */
export function countRefcountBlocks(pass: CheckPass): boolean {
  let needsRebuild = false;
  const { refcountTable } = pass.subject;
  for (let index = 0; index * 2 < refcountTable.length; index++) {
    if (refcountTable[index * 2] === 0 && refcountTable[index * 2 + 1] === 0) continue;
    if (!countBlock(pass, index)) needsRebuild = true;
  }
  return needsRebuild;
}

function countBlock(pass: CheckPass, index: number): boolean {
  const { subject, log, map } = pass;
  const { clusterSize } = subject.geometry;
  const offset = refcountBlockOffset(subject.refcountTable, index);
  const pointer = { hostOffset: subject.header.refcountTableOffset + index * 8, length: 8 };
  if ((subject.refcountTable[index * 2 + 1]! & 0x1ff) !== 0) {
    log.corruption({
      kind: 'refcount-table-reserved-bits',
      message: `ERROR refcount table entry ${index} has reserved bits set`,
      mendedBy: 'rebuild',
      at: pointer,
    });
    return false;
  }
  if (!isAlignedRefcountBlock(subject.refcountTable, index, clusterSize)) {
    log.corruption({
      kind: 'refcount-block-unaligned',
      message: `ERROR refcount block ${index} is not cluster aligned; refcount table entry corrupted`,
      mendedBy: 'rebuild',
      at: pointer,
    });
    return false;
  }
  const cluster = offset / clusterSize;
  if (cluster >= map.clusterCount) return countBlockOutside(pass, index, offset, pointer);
  return countBlockInside(pass, index, offset, pointer);
}

/** A block that is something else as well cannot be written to. */
function countBlockInside(pass: CheckPass, index: number, offset: number, pointer: Pointer): boolean {
  const { subject, map, log } = pass;
  const { clusterSize } = subject.geometry;
  const cluster = offset / clusterSize;
  countRegion(pass, offset, clusterSize, 'exclusive', pointer);
  const references = map.countOf(cluster);
  if (references === 1) return true;
  log.corruption({
    kind: 'refcount-block-referenced',
    message: `ERROR refcount block ${index} refcount=${references}`,
    mendedBy: 'rebuild',
    at: pointer,
    cluster,
    references,
  });
  return false;
}

/** The file was cut off before the block, or the entry is wrong. QEMU's way: make the file long enough, the block reads as zeros. */
function countBlockOutside(pass: CheckPass, index: number, offset: number, pointer: Pointer): boolean {
  const { subject, log, map, mender } = pass;
  const { clusterSize } = subject.geometry;
  const finding = { kind: 'refcount-block-outside', mendedBy: 'all', at: pointer } as const;
  if (mender?.mode !== 'all') {
    log.corruption({ ...finding, message: `ERROR refcount block ${index} is outside image` });
    return true;
  }
  log.line(`Repairing refcount block ${index} is outside image`);
  if (isWithinReach(pass, offset) && mender.growFile(offset + clusterSize)) {
    map.growFile(clusterCountOf(subject));
    log.mendedSilently('corruption', finding);
    return countBlockInside(pass, index, offset, pointer);
  }
  const reason = offset >= FILE_OFFSET_MAX - clusterSize ? 'Invalid argument' : 'File too large';
  log.corruption({ ...finding, mendedBy: 'rebuild', message: `ERROR could not resize image: ${reason}` });
  return false;
}

/** An entry that names a place far behind anything that the file can have held is broken, and growing to it no repair. */
function isWithinReach({ subject, map }: CheckPass, offset: number): boolean {
  return offset / subject.geometry.clusterSize < Math.max(map.clusterCount * 4, REACH_MIN);
}
