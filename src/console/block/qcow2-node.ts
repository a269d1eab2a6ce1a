import {
  closeImage,
  discard,
  extentAt,
  flushImage,
  readAt,
  readVmState,
  resizeImage,
  writeAt,
  writeCompressed,
  writeVmState,
  writeZeroes,
  type GuestOffset,
  type Image,
  type Storage,
} from '#engine';
import type { BlockNode, BlockStatus, WriteOptions } from './node.ts';
import { storageOf } from './node-storage.ts';

/** A qcow2 disk over a node that holds its file. */
export class Qcow2Node implements BlockNode {
  readonly driver = 'qcow2';
  readonly filename: string;
  readonly file: BlockNode;
  readonly backing: BlockNode | null;
  readonly image: Image;

  constructor(filename: string, file: BlockNode, backing: BlockNode | null, image: Image) {
    this.filename = filename;
    this.file = file;
    this.backing = backing;
    this.image = image;
  }

  get isReadOnly(): boolean {
    return !this.image.isWritable;
  }

  get length(): number {
    return this.image.virtualSize;
  }

  get storage(): Storage {
    return storageOf(this.file);
  }

  readAt(at: GuestOffset, into: Uint8Array): void {
    readAt(this.image, at, into);
  }

  writeAt(at: GuestOffset, bytes: Uint8Array, { compressed = false }: WriteOptions = {}): void {
    if (compressed) writeCompressed(this.image, at, bytes);
    else writeAt(this.image, at, bytes);
  }

  writeZeroes(at: GuestOffset, length: number, options: { readonly unmap: boolean }): void {
    writeZeroes(this.image, at, length, options);
  }

  discard(at: GuestOffset, length: number): void {
    discard(this.image, at, length);
  }

  flush(): void {
    flushImage(this.image);
  }

  truncate(length: number): void {
    resizeImage(this.image, length);
  }

  readVmState(at: number, into: Uint8Array): void {
    readVmState(this.image, at, into);
  }

  writeVmState(at: number, bytes: Uint8Array): void {
    writeVmState(this.image, at, bytes);
  }

  statusAt(at: GuestOffset, lengthMax: number): BlockStatus {
    const extent = extentAt(this.image, at, lengthMax);
    return {
      length: extent.length,
      isAllocated: extent.kind !== 'unallocated',
      isZero: extent.kind === 'zero',
      isData: extent.kind === 'data' || extent.kind === 'compressed',
      isCompressed: extent.kind === 'compressed',
      hostOffset: extent.kind === 'compressed' ? null : extent.hostOffset,
    };
  }

  close(): void {
    closeImage(this.image);
    this.backing?.close();
  }
}
