import { CRYPT_SECTOR_SIZE, type GuestOffset, type Image, type Storage } from '#engine';
import { FilterNode } from './filter-node.ts';
import { imageNodeOf } from './layers.ts';
import type { BlockNode } from './node.ts';
import { isAllZero } from './zeros.ts';

/** Bytes copied at once. */
const CHUNK = 16 * 1024 * 1024;

/**
 * Reads what the node below does not hold itself from the backing file, and writes it into the node: whole clusters. As in
 * QEMU, reading nothing within a cluster copies that cluster, but between the sectors of an encrypted image nothing.
 */
export class CopyOnReadNode extends FilterNode {
  override readAt(at: GuestOffset, into: Uint8Array): void {
    const { file } = this;
    if (into.length === 0 && at % sectorSizeOf(file) !== 0) return;
    const unit = clusterSizeOf(file);
    const end = at + into.length;
    const copyEnd = Math.min(file.length, Math.ceil(end / unit) * unit);
    for (let start = Math.floor(at / unit) * unit; start < copyEnd;) {
      const own = file.statusAt(start, Math.min(CHUNK, copyEnd - start), 'allocation');
      const from = Math.max(at, start);
      const to = Math.max(from, Math.min(end, start + own.length));
      const part = into.subarray(from - at, to - at);
      if (!own.isAllocated) part.set(this.#copyRun(start, own.length).subarray(from - start, to - start));
      else if (part.length > 0) file.readAt(from, part);
      start += own.length;
    }
  }

  /** Copies a run that the node does not hold, and returns it; zeros are written as such. */
  #copyRun(at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.file.readAt(at, bytes);
    this.file.onEvent?.('cor_write');
    if (isAllZero(bytes)) this.file.writeZeroes(at, length, { unmap: false });
    else this.file.writeAt(at, bytes);
    return bytes;
  }
}

/** A node opened to copy on read (`qemu-io -C`): to those who ask, it is that node. */
export class CopyingTop extends CopyOnReadNode {
  override readonly image: Image | null;
  override readonly children: ReadonlyMap<string, BlockNode>;

  constructor(node: BlockNode) {
    super(node.origin, node);
    this.image = node.image;
    this.children = node.children;
  }

  override get filename(): string {
    return this.file.filename;
  }

  override get storage(): Storage {
    return this.file.storage;
  }
}

/** What is copied together: a cluster, whatever its subclusters are, or with a format without clusters any byte. */
function clusterSizeOf(node: BlockNode): number {
  return imageNodeOf(node).image?.geometry.clusterSize ?? 1;
}

/** What requests to a node are aligned to. */
function sectorSizeOf(node: BlockNode): number {
  return (imageNodeOf(node).image?.cipher ?? null) === null ? 1 : CRYPT_SECTOR_SIZE;
}
