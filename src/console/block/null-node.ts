import { EngineError, type GuestOffset, type Storage } from '#engine';
import { LowestNode } from './lowest-node.ts';
import { storageOf } from './node-storage.ts';
import { refuseCompressed, type BlockStatus, type NodeOrigin, type WriteOptions } from './node.ts';

/** A disk that keeps nothing. Reads give zeros; only with `read-zeroes` does the node promise it. */
export class NullNode extends LowestNode {
  readonly isReadOnly: boolean;
  readonly length: number;
  readonly #readsZeroes: boolean;

  constructor(
    origin: NodeOrigin,
    options: { readonly length: number; readonly readsZeroes: boolean; readonly isReadOnly: boolean },
  ) {
    super(origin);
    this.isReadOnly = options.isReadOnly;
    this.length = options.length;
    this.#readsZeroes = options.readsZeroes;
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

  truncate(): void {
    throw new EngineError('unsupported', 'Image format driver does not support resize');
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
