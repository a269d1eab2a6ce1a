import { EngineError, type HostOffset, type Storage } from '#engine';

const PAGE = 4096;

/** Changes kept apart from a storage that stays as it is; images are layered, never copied. */
export class ScratchStorage implements Storage {
  readonly isReadOnly = false;
  readonly #below: Storage;
  readonly #pages = new Map<number, Uint8Array>();
  #size: number;
  /** Below this the storage underneath shows through; a truncate lowers it for good. */
  #visible: number;
  #isClosed = false;

  constructor(below: Storage) {
    this.#below = below;
    this.#size = below.size;
    this.#visible = below.size;
  }

  get size(): number {
    return this.#size;
  }

  read(at: HostOffset, into: Uint8Array): void {
    this.#mustBeOpen();
    for (const { index, start, length, done } of pagesOf(at, into.length)) {
      const part = into.subarray(done, done + length);
      const page = this.#pages.get(index);
      if (page === undefined) this.#readBelow(at + done, part);
      else part.set(page.subarray(start, start + length));
    }
  }

  write(at: HostOffset, bytes: Uint8Array): void {
    this.#mustBeOpen();
    for (const { index, start, length, done } of pagesOf(at, bytes.length)) {
      this.#pageForWriting(index).set(bytes.subarray(done, done + length), start);
    }
    if (bytes.length > 0) this.#size = Math.max(this.#size, at + bytes.length);
  }

  truncate(size: number): void {
    this.#mustBeOpen();
    for (const [index, page] of this.#pages) page.fill(0, Math.min(PAGE, Math.max(0, size - index * PAGE)));
    this.#visible = Math.min(this.#visible, size);
    this.#size = size;
  }

  discard(at: HostOffset, length: number): void {
    this.#mustBeOpen();
    this.#fill(at, Math.min(length, Math.max(0, this.#size - at)));
  }

  flush(): void {
    this.#mustBeOpen();
  }

  close(): void {
    this.#isClosed = true;
  }

  #fill(at: HostOffset, lengthBytes: number): void {
    for (const { index, start, length } of pagesOf(at, lengthBytes)) {
      this.#pageForWriting(index).fill(0, start, start + length);
    }
  }

  #readBelow(at: HostOffset, into: Uint8Array): void {
    const length = Math.max(0, Math.min(into.length, this.#visible - at));
    if (length > 0) this.#below.read(at, into.subarray(0, length));
    into.fill(0, length);
  }

  #pageForWriting(index: number): Uint8Array {
    let page = this.#pages.get(index);
    if (page === undefined) {
      page = new Uint8Array(PAGE);
      this.#readBelow(index * PAGE, page);
      this.#pages.set(index, page);
    }
    return page;
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new EngineError('closed', 'The storage was closed.');
  }
}

function* pagesOf(at: number, total: number) {
  for (let done = 0; done < total;) {
    const index = Math.floor((at + done) / PAGE);
    const start = at + done - index * PAGE;
    const length = Math.min(PAGE - start, total - done);
    yield { index, start, length, done };
    done += length;
  }
}
