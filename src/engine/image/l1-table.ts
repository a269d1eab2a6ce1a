import { StepFailure } from '../errors.ts';
import { setU64, viewOf } from '../bytes/big-endian.ts';
import type { HostOffset } from '../format/addresses.ts';
import { COPIED_HIGH, isCopied, offsetOf } from '../format/l1-entry.ts';
import { writingBackOnFailure } from './header-pointer.ts';
import type { ImageFile } from './image-file.ts';

/** The active L1 table, in memory as it stands on disk. */
export class L1Table {
  readonly hostOffset: HostOffset;
  readonly entryCount: number;
  readonly #view: DataView;

  /** @param bytes as they stand on disk; the table keeps them */
  constructor(hostOffset: HostOffset, bytes: Uint8Array) {
    this.hostOffset = hostOffset;
    this.entryCount = bytes.length / 8;
    this.#view = viewOf(bytes);
  }

  static read(file: ImageFile, hostOffset: HostOffset, entryCount: number): L1Table {
    const bytes = new Uint8Array(entryCount * 8);
    StepFailure.during('Could not read L1 table', () => file.read(hostOffset, bytes));
    return new L1Table(hostOffset, bytes);
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

  /** Replaces all entries, on disk and in memory. */
  replace(file: ImageFile, table: Uint8Array): void {
    this.#replace(file, 0, table);
  }

  /** Makes an entry name no L2 table, on disk and in memory. */
  unlink(file: ImageFile, index: number): void {
    this.#replace(file, index, new Uint8Array(8));
  }

  /** Points an entry to an L2 table of its own, on disk and in memory (8 bytes, within one sector). */
  link(file: ImageFile, index: number, l2Offset: HostOffset): void {
    const entry = new Uint8Array(8);
    const view = viewOf(entry);
    setU64(view, 0, l2Offset);
    view.setUint32(0, (view.getUint32(0) | COPIED_HIGH) >>> 0);
    file.event('l1_update');
    this.#write(file, index, entry);
  }

  /**
   * The session goes on with tables that these entries may name no more. So where the write fails, and the disk may have
   * the new ones all the same, the old ones are written again.
   */
  #replace(file: ImageFile, index: number, entries: Uint8Array): void {
    const before = this.bytes().slice(index * 8, index * 8 + entries.length);
    const at = this.hostOffset + index * 8;
    writingBackOnFailure(file, { at, before, why: 'l1-update' }, () => this.#write(file, index, entries));
  }

  /** What could not be written is not believed: the session goes on with the entries as they were. */
  #write(file: ImageFile, index: number, entries: Uint8Array): void {
    file.write(this.hostOffset + index * 8, entries, 'l1-update');
    this.bytes().set(entries, index * 8);
  }
}
