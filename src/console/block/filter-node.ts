import type { GuestOffset, Image, Preallocation, Storage } from '#engine';
import { shownNameOf } from './node-name.ts';
import { storageOf } from './node-storage.ts';
import type { BlockNode, BlockStatus, NodeOrigin, StatusWanted, WriteOptions } from './node.ts';

/** A node that is what the one below it is. Drivers that change something about it override that. */
export class FilterNode implements BlockNode {
  readonly origin: NodeOrigin;
  readonly file: BlockNode;
  readonly children: ReadonlyMap<string, BlockNode>;
  readonly image: Image | null = null;

  /** `childName`: what options call the node below. */
  constructor(origin: NodeOrigin, file: BlockNode, childName = 'file') {
    this.origin = origin;
    this.file = file;
    this.children = new Map([[childName, file]]);
  }

  get driver(): string {
    return this.origin.driver.name;
  }

  get filename(): string {
    return shownNameOf(this);
  }

  get isReadOnly(): boolean {
    return this.file.isReadOnly;
  }

  get length(): number {
    return this.file.length;
  }

  get storage(): Storage {
    return storageOf(this.file);
  }

  /** Where the node below holds nothing, its backing file shows through. */
  get backing(): BlockNode | null {
    return this.file.backing;
  }

  get knowsHoles(): boolean {
    return this.file.knowsHoles === true;
  }

  get allocatedBytes(): number | null {
    return this.file.allocatedBytes ?? null;
  }

  readAt(at: GuestOffset, into: Uint8Array): void {
    this.file.readAt(at, into);
  }

  writeAt(at: GuestOffset, bytes: Uint8Array, options?: WriteOptions): void {
    this.file.writeAt(at, bytes, options);
  }

  writeZeroes(at: GuestOffset, length: number, options: { readonly unmap: boolean }): void {
    this.file.writeZeroes(at, length, options);
  }

  discard(at: GuestOffset, length: number): void {
    if (this.origin.passesDiscards) this.file.discard(at, length);
  }

  flush(): void {
    this.file.flush();
  }

  truncate(length: number, preallocation: Preallocation = 'off'): void {
    this.file.truncate(length, preallocation);
  }

  readVmState(at: number, into: Uint8Array): void {
    this.file.readVmState(at, into);
  }

  writeVmState(at: number, bytes: Uint8Array): void {
    this.file.writeVmState(at, bytes);
  }

  statusAt(at: GuestOffset, lengthMax: number, wanted?: StatusWanted): BlockStatus {
    return this.file.statusAt(at, lengthMax, wanted);
  }

  close(): void {
    this.file.close();
  }
}
