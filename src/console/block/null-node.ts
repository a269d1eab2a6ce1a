import type { GuestOffset, Storage } from '#engine';
import { shownNameOf } from './node-name.ts';
import { storageOf } from './node-storage.ts';
import {
  refuseCompressed,
  refuseVmState,
  type BlockNode,
  type BlockStatus,
  type NodeOrigin,
  type WriteOptions,
} from './node.ts';

/** A disk that keeps nothing. Reads give zeros; only with `read-zeroes` does the node promise it. */
export class NullNode implements BlockNode {
  readonly origin: NodeOrigin;
  readonly isReadOnly: boolean;
  readonly children: ReadonlyMap<string, BlockNode> = new Map();
  readonly image = null;
  readonly file = null;
  readonly backing = null;
  readonly #readsZeroes: boolean;
  #length: number;

  constructor(
    origin: NodeOrigin,
    options: { readonly length: number; readonly readsZeroes: boolean; readonly isReadOnly: boolean },
  ) {
    this.origin = origin;
    this.isReadOnly = options.isReadOnly;
    this.#length = options.length;
    this.#readsZeroes = options.readsZeroes;
  }

  get driver(): string {
    return this.origin.driver.name;
  }

  get filename(): string {
    return shownNameOf(this);
  }

  get length(): number {
    return this.#length;
  }

  get storage(): Storage {
    return storageOf(this);
  }

  readAt(_: GuestOffset, into: Uint8Array): void {
    into.fill(0);
  }

  writeAt(_at: GuestOffset, _bytes: Uint8Array, options?: WriteOptions): void {
    refuseCompressed(options);
    // Gone.
  }

  writeZeroes(): void {
    // Gone.
  }

  discard(): void {
    // There was nothing.
  }

  flush(): void {
    // There is nothing to be made durable.
  }

  truncate(length: number): void {
    this.#length = length;
  }

  readVmState(): void {
    refuseVmState();
  }

  writeVmState(): void {
    refuseVmState();
  }

  statusAt(at: GuestOffset, lengthMax: number): BlockStatus {
    return {
      length: lengthMax,
      isAllocated: this.#readsZeroes,
      isZero: this.#readsZeroes,
      isData: false,
      isCompressed: false,
      hostOffset: this.#readsZeroes ? (at as number) : null,
    };
  }

  close(): void {
    // Nothing is open.
  }
}
