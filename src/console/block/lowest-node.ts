import type { GuestOffset, Preallocation, Storage } from '#engine';
import { shownNameOf } from './node-name.ts';
import {
  refuseVmState,
  type BlockNode,
  type BlockStatus,
  type NodeOrigin,
  type StatusWanted,
  type WriteOptions,
} from './node.ts';

/** What nodes have in common that are no image and pass nobody else's bytes on as their own. */
export abstract class LowestNode implements BlockNode {
  readonly origin: NodeOrigin;
  readonly children: ReadonlyMap<string, BlockNode>;
  readonly image = null;
  readonly file = null;
  readonly backing = null;
  abstract readonly isReadOnly: boolean;
  abstract readonly length: number;
  abstract readonly storage: Storage;

  constructor(origin: NodeOrigin, children: ReadonlyMap<string, BlockNode> = new Map()) {
    this.origin = origin;
    this.children = children;
  }

  get driver(): string {
    return this.origin.driver.name;
  }

  get filename(): string {
    return shownNameOf(this);
  }

  abstract readAt(at: GuestOffset, into: Uint8Array): void;
  abstract writeAt(at: GuestOffset, bytes: Uint8Array, options?: WriteOptions): void;
  abstract writeZeroes(at: GuestOffset, length: number, options: { readonly unmap: boolean }): void;
  abstract discard(at: GuestOffset, length: number): void;
  abstract flush(): void;
  abstract truncate(length: number, preallocation?: Preallocation): void;
  abstract statusAt(at: GuestOffset, lengthMax: number, wanted?: StatusWanted): BlockStatus;
  abstract close(): void;

  readVmState(): void {
    refuseVmState();
  }

  writeVmState(): void {
    refuseVmState();
  }
}
