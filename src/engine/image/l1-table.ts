import { setU64, viewOf } from '../bytes/big-endian.ts';
import type { HostOffset } from '../format/addresses.ts';
import { COPIED_HIGH, isCopied, offsetOf } from '../format/l1-entry.ts';
import type { ImageFile } from './image-file.ts';

/** The active L1 table, in memory as it stands on disk. */
export class L1Table {
  readonly hostOffset: HostOffset;
  readonly entryCount: number;
  readonly #view: DataView;

  constructor(file: ImageFile, hostOffset: HostOffset, entryCount: number) {
    const bytes = new Uint8Array(entryCount * 8);
    file.read(hostOffset, bytes);
    this.hostOffset = hostOffset;
    this.entryCount = entryCount;
    this.#view = viewOf(bytes);
  }

  /** Host offset of the L2 table, 0 where there is none. Reserved bits are ignored, as QEMU does. */
  l2OffsetAt(index: number): HostOffset {
    return offsetOf(this.#view.getUint32(index * 8), this.#view.getUint32(index * 8 + 4));
  }

  /** Whether the L2 table belongs to the active table alone and may be changed in place. */
  isCopiedAt(index: number): boolean {
    return isCopied(this.#view.getUint32(index * 8));
  }

  /** The table as it stands on disk. */
  bytes(): Uint8Array {
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset, this.#view.byteLength);
  }

  /** Replaces all entries, in memory and on disk. */
  replace(file: ImageFile, table: Uint8Array): void {
    this.bytes().set(table);
    file.write(this.hostOffset, table, 'l1-update');
  }

  /** Makes an entry name no L2 table, in memory and on disk. */
  unlink(file: ImageFile, index: number): void {
    setU64(this.#view, index * 8, 0);
    file.write(this.hostOffset + index * 8, this.bytes().subarray(index * 8, index * 8 + 8), 'l1-update');
  }

  /** Points an entry to an L2 table of its own, in memory and on disk (8 bytes, within one sector). */
  link(file: ImageFile, index: number, l2Offset: HostOffset): void {
    setU64(this.#view, index * 8, l2Offset);
    this.#view.setUint32(index * 8, (this.#view.getUint32(index * 8) | COPIED_HIGH) >>> 0);
    file.write(this.hostOffset + index * 8, this.bytes().subarray(index * 8, index * 8 + 8), 'l1-update');
  }
}
