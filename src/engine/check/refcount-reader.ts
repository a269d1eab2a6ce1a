import { viewOf } from '../bytes/big-endian.ts';
import type { HostCluster } from '../format/addresses.ts';
import { getRefcount } from '../format/refcount-block.ts';
import { Announcer } from '../storage/announcer.ts';
import { isAlignedRefcountBlock, refcountBlockOffset, refcountBlockOffsetHex } from './count-refcount-blocks.ts';
import { readBytesOrFail, type Subject } from './subject.ts';

/** Enough for all refcounts of a terabyte, so that a shuffled image is looked up without reading a block twice. */
const CACHE_SIZE_MAX = 32 * 1024 * 1024;

/** A refcount block as read: its bytes, nothing at all (every refcount in it is 0), or the reason why it cannot be read. */
export type RefcountBlock =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'absent' }
  | { readonly kind: 'unaligned'; readonly offsetHex: string }
  | { readonly kind: 'unreadable' };

/** Reads the refcounts that stand in the image, as they are. */
export class RefcountReader {
  readonly #subject: Subject;
  readonly #blocks = new Map<number, RefcountBlock>();
  readonly #announcer: Announcer;

  constructor(subject: Subject) {
    this.#subject = subject;
    const { refcountTable, geometry, storage } = subject;
    this.#announcer = new Announcer(storage, {
      count: refcountTable.length / 2,
      size: geometry.clusterSize,
      offsetAt: (index) => refcountBlockOffset(refcountTable, index),
    });
  }

  /** Reads a block without keeping it, into `buffer` (a cluster), for those who go through all of them in order. */
  passingBlock(index: number, buffer: Uint8Array): RefcountBlock {
    this.#announcer.reach(index);
    return this.#read(index, buffer);
  }

  /** The block behind refcount table entry `index`; one beyond the table is absent. */
  block(index: number): RefcountBlock {
    const known = this.#blocks.get(index);
    if (known !== undefined) return known;
    const block = this.#read(index, new Uint8Array(this.#subject.geometry.clusterSize));
    if (this.#blocks.size * this.#subject.geometry.clusterSize >= CACHE_SIZE_MAX) {
      this.#blocks.delete(this.#blocks.keys().next().value!);
    }
    this.#blocks.set(index, block);
    return block;
  }

  /** The refcount of a cluster, or null where its block cannot be read. */
  refcountOf(cluster: HostCluster): number | null {
    const { refcountBlockEntries, refcountBits } = this.#subject.geometry;
    const index = Math.floor(cluster / refcountBlockEntries);
    const block = this.block(index);
    if (block.kind === 'bytes') return getRefcount(block.bytes, refcountBits, cluster - index * refcountBlockEntries);
    return block.kind === 'absent' ? 0 : null;
  }

  /** The refcount of a cluster in digits, as QEMU prints it. */
  textOf(cluster: HostCluster, refcount: number): string {
    const { refcountBlockEntries, refcountBits } = this.#subject.geometry;
    const index = Math.floor(cluster / refcountBlockEntries);
    return refcountText(this.block(index), refcountBits, cluster - index * refcountBlockEntries, refcount);
  }

  #read(index: number, bytes: Uint8Array): RefcountBlock {
    const { refcountTable, geometry, storage } = this.#subject;
    if (index * 2 >= refcountTable.length) return { kind: 'absent' };
    const offset = refcountBlockOffset(refcountTable, index);
    if (offset === 0) return { kind: 'absent' };
    if (!isAlignedRefcountBlock(refcountTable, index, geometry.clusterSize)) {
      return { kind: 'unaligned', offsetHex: refcountBlockOffsetHex(refcountTable, index) };
    }
    try {
      readBytesOrFail(storage, offset, bytes);
    } catch {
      return { kind: 'unreadable' };
    }
    return { kind: 'bytes', bytes };
  }
}

/** A refcount as QEMU prints it; 64-bit ones may be larger than a number holds exactly. */
export function refcountText(block: RefcountBlock, refcountBits: number, index: number, refcount: number): string {
  if (Number.isSafeInteger(refcount) || block.kind !== 'bytes') return String(refcount);
  return String(viewOf(block.bytes).getBigUint64((index * refcountBits) / 8));
}
