import { EngineError } from '../errors.ts';
import type { HostOffset } from '../format/addresses.ts';
import type { Storage } from './storage.ts';

const PAGE_BITS = 16;
const PAGE_SIZE = 1 << PAGE_BITS;

/** Bytes in memory, in pages that exist only where something was written; a sparse 100 GiB image costs its metadata. */
export class MemoryStorage implements Storage {
  #pages = new Map<number, Uint8Array>();
  #size = 0;
  #isClosed = false;
  readonly isReadOnly: boolean = false;

  static from(bytes: Uint8Array): MemoryStorage {
    const storage = new MemoryStorage();
    storage.write(0, bytes);
    return storage;
  }

  get size(): number {
    return this.#size;
  }

  read(at: HostOffset, into: Uint8Array): void {
    this.#mustBeOpen();
    for (let done = 0; done < into.length;) {
      const { page, start, length } = this.#locate(at + done, into.length - done);
      if (page === undefined) into.fill(0, done, done + length);
      else into.set(page.subarray(start, start + length), done);
      done += length;
    }
  }

  write(at: HostOffset, bytes: Uint8Array): void {
    this.#mustBeOpen();
    for (let done = 0; done < bytes.length;) {
      const { index, page, start, length } = this.#locate(at + done, bytes.length - done);
      const target = page ?? new Uint8Array(PAGE_SIZE);
      if (page === undefined) this.#pages.set(index, target);
      target.set(bytes.subarray(done, done + length), start);
      done += length;
    }
    if (bytes.length > 0) this.#size = Math.max(this.#size, at + bytes.length);
  }

  truncate(size: number): void {
    this.#mustBeOpen();
    if (size < this.#size) {
      for (const index of this.#pages.keys()) {
        if (index * PAGE_SIZE >= size) this.#pages.delete(index);
      }
      this.#pages.get(Math.floor(size / PAGE_SIZE))?.fill(0, size % PAGE_SIZE);
    }
    this.#size = size;
  }

  discard(at: HostOffset, length: number): void {
    this.#mustBeOpen();
    const end = Math.min(at + length, this.#size);
    for (let position = at; position < end;) {
      const { index, page, start, length: part } = this.#locate(position, end - position);
      if (part === PAGE_SIZE) this.#pages.delete(index);
      else page?.fill(0, start, start + part);
      position += part;
    }
  }

  flush(): void {
    this.#mustBeOpen();
  }

  close(): void {
    this.#isClosed = true;
  }

  /** All bytes in one piece; for small images in tests and downloads. */
  toBytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#size);
    for (const [index, page] of this.#pages) {
      const start = index * PAGE_SIZE;
      if (start < this.#size) bytes.set(page.subarray(0, Math.min(PAGE_SIZE, this.#size - start)), start);
    }
    return bytes;
  }

  #locate(at: number, lengthMax: number) {
    const index = Math.floor(at / PAGE_SIZE);
    const start = at - index * PAGE_SIZE;
    return { index, page: this.#pages.get(index), start, length: Math.min(PAGE_SIZE - start, lengthMax) };
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new EngineError('closed', 'The storage was closed.');
  }
}
