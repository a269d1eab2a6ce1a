import { EngineError, type GuestOffset, type Preallocation } from '#engine';
import { FilterNode } from './filter-node.ts';
import {
  refuseCompressed,
  type BlockNode,
  type BlockStatus,
  type NodeOrigin,
  type StatusWanted,
  type WriteOptions,
} from './node.ts';
import { isAllZero } from './zeros.ts';

const SECTOR = 512;

/** What part of the node below is the disk; `size` null: all that follows. */
export interface RawWindow {
  readonly offset: number;
  readonly size: number | null;
}

/** A raw disk: the bytes of the node below from an offset on, its length rounded up to whole sectors. */
export class RawNode extends FilterNode {
  readonly #window: RawWindow;

  constructor(origin: NodeOrigin, file: BlockNode, window: RawWindow = { offset: 0, size: null }) {
    super(origin, file);
    this.#window = window;
  }

  override get length(): number {
    const { offset, size } = this.#window;
    return Math.ceil((size ?? this.file.length - offset) / SECTOR) * SECTOR;
  }

  /** What lies under the node below is its own affair. */
  override get backing(): null {
    return null;
  }

  override readAt(at: GuestOffset, into: Uint8Array): void {
    this.file.onEvent?.('read_aio');
    this.file.readAt(this.#below(at), into);
  }

  override writeAt(at: GuestOffset, bytes: Uint8Array, options?: WriteOptions): void {
    refuseCompressed(options);
    const { detectZeroes } = this.origin;
    if (detectZeroes !== 'off' && isAllZero(bytes)) {
      return this.writeZeroes(at, bytes.length, { unmap: detectZeroes === 'unmap' });
    }
    this.file.onEvent?.('write_aio');
    this.file.writeAt(this.#below(at), bytes);
  }

  readLater(at: GuestOffset, into: Uint8Array): Promise<void> | null {
    return this.file.readLater?.(this.#below(at), into) ?? null;
  }

  writeLater(at: GuestOffset, bytes: Uint8Array): Promise<void> | null {
    return this.file.writeLater?.(this.#below(at), bytes) ?? null;
  }

  override writeZeroes(at: GuestOffset, length: number, options: { readonly unmap: boolean }): void {
    this.file.writeZeroes(this.#below(at), length, options);
  }

  override discard(at: GuestOffset, length: number): void {
    if (this.origin.passesDiscards) this.file.discard(this.#below(at), length);
  }

  override truncate(length: number, preallocation: Preallocation = 'off'): void {
    if (this.#window.size !== null) throw new EngineError('unsupported', 'Cannot resize fixed-size raw disks');
    this.file.truncate(this.#below(length), preallocation);
  }

  override statusAt(at: GuestOffset, lengthMax: number, wanted?: StatusWanted): BlockStatus {
    return this.file.statusAt(this.#below(at), lengthMax, wanted);
  }

  #below(at: number): number {
    return at + this.#window.offset;
  }
}
