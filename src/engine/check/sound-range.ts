import type { HostCluster } from '../format/addresses.ts';
import { getRefcount } from '../format/refcount-block.ts';
import type { CheckPass } from './count-region.ts';
import { ACTIVE_COPIED, ACTIVE_SHARED, COUNT_MASK, SPILLED } from './reference-map.ts';
import type { RefcountBlock } from './refcount-reader.ts';

/** Four clusters, all referenced once by the active tables, with COPIED. */
const ALL_COPIED_ONCE = 0x81818181 | 0;
/** Two 16-bit refcounts of 1 as a little-endian machine loads them from the big-endian block. */
const BOTH_REFCOUNT_ONE = 0x01000100;
const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
/** Clusters that are looked at together; a block begins at a multiple of it. */
const STEP = 8;
/** Whether the flags beside a count can be right: with COPIED it is 1, without it is not, and both at once cannot be. */
const FLAGS_ARE_SOUND = Uint8Array.from({ length: 256 }, (_, byte) => Number(areFlagsSound(byte)));

/**
 * Proves that the refcounts of the clusters [start, end) agree with their references, many at a time where it can. False
 * means that the exact comparison must look. Also notices where a COPIED flag cannot be right.
 */
export function isSoundRange(pass: CheckPass, block: RefcountBlock, start: HostCluster, end: HostCluster): boolean {
  switch (block.kind) {
    case 'absent':
      return isUnreferenced(pass.map.bytes, start, end);
    case 'bytes':
      return pass.subject.geometry.refcountBits === 16 && IS_LITTLE_ENDIAN
        ? isSound16(pass, block.bytes, start, end)
        : areSound(pass, block.bytes, start, { from: start, to: end });
    default:
      return false;
  }
}

function isSound16(pass: CheckPass, bytes: Uint8Array, start: HostCluster, end: HostCluster): boolean {
  const { quads } = pass.map;
  const stored = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  for (let cluster = start; cluster < end; cluster += STEP) {
    if (cluster + STEP <= end && arePlainlySound(quads, cluster / 4, stored, (cluster - start) / 2)) continue;
    if (!areSound(pass, bytes, start, { from: cluster, to: Math.min(cluster + STEP, end) })) return false;
  }
  return true;
}

/** The common cases, eight clusters at once: each referenced once by the active tables, or none at all. */
function arePlainlySound(counted: Int32Array, at: number, stored: Int32Array, i: number): boolean {
  const first = counted[at]!;
  const second = counted[at + 1]!;
  if ((first | second) === 0) return (stored[i]! | stored[i + 1]! | stored[i + 2]! | stored[i + 3]!) === 0;
  const otherRefcounts =
    (stored[i]! ^ BOTH_REFCOUNT_ONE) |
    (stored[i + 1]! ^ BOTH_REFCOUNT_ONE) |
    (stored[i + 2]! ^ BOTH_REFCOUNT_ONE) |
    (stored[i + 3]! ^ BOTH_REFCOUNT_ONE);
  return ((first ^ ALL_COPIED_ONCE) | (second ^ ALL_COPIED_ONCE) | otherRefcounts) === 0;
}

/** One by one. `blockStart` is the cluster of the block's first refcount. */
function areSound(
  pass: CheckPass,
  block: Uint8Array,
  blockStart: HostCluster,
  { from, to }: { readonly from: HostCluster; readonly to: HostCluster },
): boolean {
  const { map, subject } = pass;
  const { refcountBits } = subject.geometry;
  for (let cluster = from; cluster < to; cluster++) {
    const byte = map.bytes[cluster]!;
    const count = (byte & COUNT_MASK) === SPILLED ? map.countOf(cluster) : byte & COUNT_MASK;
    if (getRefcount(block, refcountBits, cluster - blockStart) !== count) return false;
    if (FLAGS_ARE_SOUND[byte] === 0) pass.needsCopiedPass = true;
  }
  return true;
}

function areFlagsSound(byte: number): boolean {
  switch (byte & (ACTIVE_COPIED | ACTIVE_SHARED)) {
    case 0:
      return true;
    case ACTIVE_COPIED:
      return (byte & COUNT_MASK) === 1;
    case ACTIVE_SHARED:
      return (byte & COUNT_MASK) !== 1;
    default:
      return false;
  }
}

function isUnreferenced(bytes: Uint8Array, start: HostCluster, end: HostCluster): boolean {
  for (let cluster = start; cluster < end; cluster++) {
    if (bytes[cluster] !== 0) return false;
  }
  return true;
}
