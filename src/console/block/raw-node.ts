import type { GuestOffset, Storage } from '#engine';
import { refuseVmState, type BlockNode, type BlockStatus } from './node.ts';

/** A raw disk: the bytes of the node below, its length rounded up to whole sectors. */
export class RawNode implements BlockNode {
  readonly driver = 'raw';
  readonly filename: string;
  readonly file: BlockNode;
  readonly image = null;
  readonly backing = null;

  constructor(filename: string, file: BlockNode) {
    this.filename = filename;
    this.file = file;
  }

  get isReadOnly(): boolean {
    return this.file.isReadOnly;
  }

  get length(): number {
    return Math.ceil(this.file.length / 512) * 512;
  }

  get storage(): Storage {
    return this.file.storage;
  }

  readAt(at: GuestOffset, into: Uint8Array): void {
    this.file.readAt(at, into);
  }

  writeAt(at: GuestOffset, bytes: Uint8Array): void {
    this.file.writeAt(at, bytes);
  }

  writeZeroes(at: GuestOffset, length: number, options: { readonly unmap: boolean }): void {
    this.file.writeZeroes(at, length, options);
  }

  discard(at: GuestOffset, length: number): void {
    this.file.discard(at, length);
  }

  flush(): void {
    this.file.flush();
  }

  truncate(length: number): void {
    this.file.truncate(length);
  }

  readVmState(): void {
    refuseVmState();
  }

  writeVmState(): void {
    refuseVmState();
  }

  statusAt(at: GuestOffset, lengthMax: number): BlockStatus {
    return this.file.statusAt(at, lengthMax);
  }

  close(): void {
    this.file.close();
  }
}
