import type { HostCluster } from '../format/addresses.ts';
import { getRefcount } from '../format/refcount-block.ts';
import type { CheckPass } from './count-region.ts';
import { ACTIVE_COPIED, ACTIVE_SHARED, COUNT_MASK } from './reference-map.ts';
import type { RefcountBlock } from './refcount-reader.ts';

/** Two clusters, both referenced once by the active tables, with COPIED. */
const BOTH_COPIED_ONCE = 0x80018001 | 0;
/** Two 16-bit refcounts of 1 as a little-endian machine loads them from the big-endian block. */
const BOTH_REFCOUNT_ONE = 0x01000100;
const IS_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * Proves that the refcounts of the clusters [start, end) agree with their references: word-wise, without a call per
 * cluster. False means that the exact comparison must look. Also notices where a COPIED flag cannot be right.
 */
export function isSoundRange(pass: CheckPass, block: RefcountBlock, start: HostCluster, end: HostCluster): boolean {
  const { words } = pass.map;
  switch (block.kind) {
    case 'absent':
      return isUnreferenced(words, start, end);
    case 'bytes':
      break;
    default:
      return false;
  }
  const { refcountBits } = pass.subject.geometry;
  if (refcountBits === 16 && IS_LITTLE_ENDIAN) return isSound16(pass, block.bytes, start, end);
  for (let cluster = start; cluster < end; cluster++) {
    const word = words[cluster]!;
    if (getRefcount(block.bytes, refcountBits, cluster - start) !== (word & COUNT_MASK)) return false;
    if (!isCopiedSound(word)) pass.needsCopiedPass = true;
    if ((word & COUNT_MASK) === COUNT_MASK) return false;
  }
  return true;
}

function isSound16(pass: CheckPass, bytes: Uint8Array, start: HostCluster, end: HostCluster): boolean {
  // Both begin at an even cluster, and both hold an even number of them.
  const counted = pass.map.pairs;
  const first = start / 2;
  const pairs = (end - start + 1) >>> 1;
  const stored = new Int32Array(bytes.buffer, bytes.byteOffset, pairs);
  for (let i = 0; i < pairs;) {
    if (i + 4 <= pairs && areFourSound(counted, first + i, stored, i)) i += 4;
    else if (isPairSound(pass, counted[first + i]!, stored[i]!, start + i * 2 + 1 < end)) i += 1;
    else return false;
  }
  return true;
}

/** The common case, four pairs of clusters at once. */
function areFourSound(counted: Int32Array, at: number, stored: Int32Array, i: number): boolean {
  const otherCounts =
    (counted[at]! ^ BOTH_COPIED_ONCE) |
    (counted[at + 1]! ^ BOTH_COPIED_ONCE) |
    (counted[at + 2]! ^ BOTH_COPIED_ONCE) |
    (counted[at + 3]! ^ BOTH_COPIED_ONCE);
  const otherRefcounts =
    (stored[i]! ^ BOTH_REFCOUNT_ONE) |
    (stored[i + 1]! ^ BOTH_REFCOUNT_ONE) |
    (stored[i + 2]! ^ BOTH_REFCOUNT_ONE) |
    (stored[i + 3]! ^ BOTH_REFCOUNT_ONE);
  return (otherCounts | otherRefcounts) === 0;
}

/** The last pair of the file may reach past its end, where refcounts are not compared. */
function isPairSound(pass: CheckPass, both: number, onDisk: number, hasSecond: boolean): boolean {
  if ((both | onDisk) === 0) return true;
  const first = both & 0xffff;
  const second = both >>> 16;
  const firstOnDisk = ((onDisk & 0xff) << 8) | ((onDisk >>> 8) & 0xff);
  const secondOnDisk = hasSecond ? ((onDisk >>> 8) & 0xff00) | (onDisk >>> 24) : second & COUNT_MASK;
  if ((first & COUNT_MASK) !== firstOnDisk || (second & COUNT_MASK) !== secondOnDisk) return false;
  if (firstOnDisk >= COUNT_MASK || secondOnDisk >= COUNT_MASK) return false;
  if (!isCopiedSound(first) || !isCopiedSound(second)) pass.needsCopiedPass = true;
  return true;
}

/** With COPIED the cluster is referenced once, without it more often; both at once cannot be. */
function isCopiedSound(word: number): boolean {
  switch (word & (ACTIVE_COPIED | ACTIVE_SHARED)) {
    case 0:
      return true;
    case ACTIVE_COPIED:
      return (word & COUNT_MASK) === 1;
    case ACTIVE_SHARED:
      return (word & COUNT_MASK) !== 1;
    default:
      return false;
  }
}

function isUnreferenced(words: Uint16Array, start: HostCluster, end: HostCluster): boolean {
  for (let cluster = start; cluster < end; cluster++) {
    if (words[cluster] !== 0) return false;
  }
  return true;
}
