import type { GuestOffset, Image } from '#engine';
import { FilterNode } from './filter-node.ts';
import { imageNodeOf } from './layers.ts';
import type { BlockNode } from './node.ts';
import { isAllZero } from './zeros.ts';

/** Bytes copied at once. */
const CHUNK = 16 * 1024 * 1024;

/** Reads what the node below does not hold itself from the backing file, and writes it into the node: whole clusters. */
export class CopyOnReadNode extends FilterNode {
  override readAt(at: GuestOffset, into: Uint8Array): void {
    if (into.length > 0) this.#copyUp(at, into.length);
    this.file.readAt(at, into);
  }

  #copyUp(at: number, length: number): void {
    const { file } = this;
    const unit = clusterSizeOf(file);
    const end = Math.min(file.length, Math.ceil((at + length) / unit) * unit);
    for (let position = Math.floor(at / unit) * unit; position < end;) {
      const own = file.statusAt(position, Math.min(CHUNK, end - position));
      if (!own.isAllocated) this.#copyRun(position, own.length);
      position += own.length;
    }
  }

  /** Copies a run that the node does not hold; zeros are written as such. */
  #copyRun(at: number, length: number): void {
    const bytes = new Uint8Array(length);
    this.file.readAt(at, bytes);
    if (isAllZero(bytes)) this.file.writeZeroes(at, length, { unmap: false });
    else this.file.writeAt(at, bytes);
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
}

/** What is copied together: a subcluster, or with a format without clusters any byte. */
function clusterSizeOf(node: BlockNode): number {
  return imageNodeOf(node).image?.geometry.subclusterSize ?? 1;
}
