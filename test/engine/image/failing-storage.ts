import type { MemoryStorage } from '#engine';
import { EngineError, type HostOffset, type Storage } from '#engine';

/** A storage whose `failAt`-th write, truncate or flush (counted from 0) fails, and all later ones too. */
export class FailingStorage implements Storage {
  readonly isReadOnly = false;
  readonly #memory: MemoryStorage;
  readonly #failAt: number;
  #count = 0;

  constructor(memory: MemoryStorage, failAt: number) {
    this.#memory = memory;
    this.#failAt = failAt;
  }

  get size(): number {
    return this.#memory.size;
  }

  get hasFailed(): boolean {
    return this.#count > this.#failAt;
  }

  read(at: HostOffset, into: Uint8Array): void {
    this.#memory.read(at, into);
  }

  write(at: HostOffset, bytes: Uint8Array): void {
    this.#step();
    this.#memory.write(at, bytes);
  }

  truncate(size: number): void {
    this.#step();
    this.#memory.truncate(size);
  }

  discard(at: HostOffset, length: number): void {
    this.#memory.discard(at, length);
  }

  flush(): void {
    this.#step();
    this.#memory.flush();
  }

  close(): void {
    // The bytes stay readable for the test.
  }

  #step(): void {
    if (this.#count++ >= this.#failAt) throw new EngineError('no-space', 'The storage is full.');
  }
}
