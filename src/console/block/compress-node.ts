import type { GuestOffset } from '#engine';
import { LimitedNode } from './limited-node.ts';
import type { BlockNode, NodeOrigin } from './node.ts';

/** Writes all data compressed, in whole clusters: what a write does not cover of them is read before. */
export class CompressNode extends LimitedNode {
  constructor(origin: NodeOrigin, file: BlockNode, clusterSize: number) {
    super(origin, file, {
      childName: 'file',
      limits: {
        requestAlignment: clusterSize,
        transferMax: 0,
        writeZeroesAlignment: 0,
        writeZeroesMax: 0,
        discardAlignment: 0,
        discardMax: 0,
      },
    });
  }

  protected override passWrite(at: GuestOffset, bytes: Uint8Array): void {
    this.file.writeAt(at, bytes, { compressed: true });
  }
}
