import type { GuestOffset, Storage } from '#engine';
import { refuseVmState, type BlockNode, type BlockStatus } from './node.ts';

/** The lowest node: a file. What lies past its end reads as zeros. */
export class FileNode implements BlockNode {
  readonly driver: string;
  readonly filename: string;
  readonly storage: Storage;
  readonly image = null;
  readonly file = null;
  readonly backing = null;

  constructor(filename: string, storage: Storage, driver = 'file') {
    this.filename = filename;
    this.storage = storage;
    this.driver = driver;
  }

  get isReadOnly(): boolean {
    return this.storage.isReadOnly;
  }

  get length(): number {
    return this.storage.size;
  }

  readAt(at: GuestOffset, into: Uint8Array): void {
    this.storage.read(at as number, into);
  }

  writeAt(at: GuestOffset, bytes: Uint8Array): void {
    this.storage.write(at as number, bytes, 'guest-data');
  }

  writeZeroes(at: GuestOffset, length: number): void {
    const zeros = new Uint8Array(Math.min(length, 1024 * 1024));
    for (let done = 0; done < length; done += zeros.length) {
      this.writeAt(at + done, zeros.subarray(0, Math.min(zeros.length, length - done)));
    }
  }

  discard(at: GuestOffset, length: number): void {
    this.storage.discard(at as number, length, 'discard');
  }

  flush(): void {
    this.storage.flush('flush-guest');
  }

  truncate(length: number): void {
    this.storage.truncate(length, 'truncate');
  }

  readVmState(): void {
    refuseVmState();
  }

  writeVmState(): void {
    refuseVmState();
  }

  statusAt(at: GuestOffset, lengthMax: number): BlockStatus {
    const isPastEnd = at >= this.length;
    return {
      length: isPastEnd ? lengthMax : Math.min(lengthMax, this.length - at),
      isAllocated: true,
      isZero: isPastEnd,
      isData: !isPastEnd,
      isCompressed: false,
      hostOffset: at as number,
    };
  }

  close(): void {
    this.storage.close();
  }
}
