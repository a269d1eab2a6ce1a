import {
  EngineError,
  closeImage,
  discard,
  flushImage,
  openImage,
  writeAt,
  writeCompressed,
  writeZeroes,
  type GuestSource,
  type Image,
  type OpenOptions,
  type Storage,
} from '#engine';
import { writtenBytes, type Author } from '../guest/sector-content.ts';
import type { GuestOperation } from '../scenario.ts';

export interface SessionOptions {
  readonly cacheMode: OpenOptions['cacheMode'];
  readonly lazyRefcounts: boolean;
  readonly backing: GuestSource | null;
}

/** A guest that runs operations on an image, and opens it again after a close. */
export class GuestSession {
  readonly #storage: Storage;
  readonly #options: SessionOptions;
  #image: Image | null = null;

  constructor(storage: Storage, options: SessionOptions) {
    this.#storage = storage;
    this.#options = options;
  }

  /** The open image; null before the first operation and after a close. */
  get image(): Image | null {
    return this.#image;
  }

  open(): Image {
    this.#image ??= openImage(this.#storage, { writable: true, ...this.#options });
    return this.#image;
  }

  /** Runs one operation; returns the engine's refusal, null when it was done. */
  run(operation: GuestOperation, author: Author): string | null {
    try {
      this.#perform(operation, author);
      return null;
    } catch (error) {
      if (error instanceof EngineError) return error.message;
      throw error;
    }
  }

  #perform(operation: GuestOperation, author: Author): void {
    const image = this.open();
    switch (operation.kind) {
      case 'write':
        return writeAt(image, operation.at, writtenBytes(author, operation.at, operation.length));
      case 'write-compressed':
        return writeCompressed(image, operation.at, writtenBytes(author, operation.at, operation.length));
      case 'write-zeroes':
        return writeZeroes(image, operation.at, operation.length, { unmap: operation.unmap });
      case 'discard':
        return discard(image, operation.at, operation.length);
      case 'flush':
        return flushImage(image);
      case 'close':
        this.#image = null;
        return closeImage(image);
    }
  }
}
