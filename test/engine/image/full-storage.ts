import { EngineError, type HostOffset, type MemoryStorage, type Storage } from '#engine';

/** A disk that is full: what makes the file longer than `sizeMax` fails after the part that still fits. */
export class FullStorage implements Storage {
  readonly isReadOnly = false;
  hasFailed = false;
  readonly #memory: MemoryStorage;
  readonly #sizeMax: number;

  constructor(memory: MemoryStorage, sizeMax: number) {
    this.#memory = memory;
    this.#sizeMax = sizeMax;
  }

  get size(): number {
    return this.#memory.size;
  }

  read(at: HostOffset, into: Uint8Array): void {
    this.#memory.read(at, into);
  }

  write(at: HostOffset, bytes: Uint8Array): void {
    const room = Math.max(0, this.#sizeMax - at);
    this.#memory.write(at, bytes.subarray(0, room));
    if (bytes.length > room) this.#fail();
  }

  truncate(size: number): void {
    if (size > this.#sizeMax) this.#fail();
    this.#memory.truncate(size);
  }

  discard(at: HostOffset, length: number): void {
    this.#memory.discard(at, length);
  }

  flush(): void {
    this.#memory.flush();
  }

  close(): void {
    // The bytes stay readable for the test.
  }

  #fail(): never {
    this.hasFailed = true;
    throw new EngineError('no-space', 'No space left on device');
  }
}
