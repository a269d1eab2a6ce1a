import type { BlockNode, StatusWanted } from './node.ts';

/** What a backing chain says of a run: from which layer its bytes come, if any has them. */
export interface LayerStatus {
  readonly length: number;
  readonly kind: 'data' | 'zero' | 'absent';
  /** The bytes have a place in a file, where they can be read as they are. */
  readonly hasHostOffset: boolean;
  /** The bytes are compressed in the node itself, not further down. */
  readonly isCompressed: boolean;
}

const NO_PLACE = { hasHostOffset: false, isCompressed: false };

/**
 * Asks a node and its backing files, down to but without `base`, who has the bytes. `absent`: none of them; they come
 * from `base`, or read as zeros.
 */
export function statusAbove(
  node: BlockNode,
  base: BlockNode | null,
  at: number,
  lengthMax: number,
  wanted?: StatusWanted,
): LayerStatus {
  let length = lengthMax;
  for (let layer: BlockNode | null = node; layer !== null && layer !== base; layer = layer.backing) {
    // A layer that ends earlier hides what is below it behind zeros.
    if (at >= layer.length) return { length, kind: layer === node ? 'absent' : 'zero', ...NO_PLACE };
    const status = layer.statusAt(at, Math.min(length, layer.length - at), wanted);
    length = Math.min(length, status.length);
    if (status.isAllocated) {
      return {
        length,
        kind: status.isZero ? 'zero' : 'data',
        hasHostOffset: status.hostOffset !== null,
        isCompressed: status.isCompressed && layer === node,
      };
    }
    const isLast = layer.backing === null && base === null;
    if (isLast && !isZeroWhereAbsent(layer)) return { length, kind: 'data', ...NO_PLACE };
  }
  return { length, kind: 'absent', ...NO_PLACE };
}

/** The image of a format with clusters, below drivers that only pass on; the lowest node if there is none. */
export function imageNodeOf(node: BlockNode): BlockNode {
  return node.image === null && node.file !== null ? imageNodeOf(node.file) : node;
}

/** Whether a node has what QEMU calls its information: an image, or below other drivers a file or device of the host. */
export function hasInformation(node: BlockNode): boolean {
  const { image, driver } = imageNodeOf(node);
  return image !== null || ['file', 'host_device', 'host_cdrom'].includes(driver);
}

/** Whether zeros are read where a node holds nothing: certain only of an image with clusters and without backing file. */
export function isZeroWhereAbsent(node: BlockNode): boolean {
  const { image, backing } = imageNodeOf(node);
  return image !== null && backing === null;
}
