import type { MemoryStorage } from '#engine';
import { EngineError, type HostOffset, type Storage } from '#engine';

export const ACCESSES = ['read', 'write', 'flush', 'discard', 'truncate'] as const;
export type Access = (typeof ACCESSES)[number];

export interface Failure {
  readonly access: Access;
  /** Which access of that kind fails, counted from 0; only that one. */
  readonly index: number;
  /** The disk may have done it all the same. */
  readonly effect: 'none' | 'done';
}

/** A storage on which one access fails. */
export class FailingAccess implements Storage {
  readonly isReadOnly = false;
  readonly #memory: MemoryStorage;
  readonly #failure: Failure;
  #count = 0;

  constructor(memory: MemoryStorage, failure: Failure) {
    this.#memory = memory;
    this.#failure = failure;
  }

  get size(): number {
    return this.#memory.size;
  }

  get hasFailed(): boolean {
    return this.#count > this.#failure.index;
  }

  read(at: HostOffset, into: Uint8Array): void {
    this.#perform('read', () => this.#memory.read(at, into));
  }

  write(at: HostOffset, bytes: Uint8Array): void {
    this.#perform('write', () => this.#memory.write(at, bytes));
  }

  truncate(size: number): void {
    this.#perform('truncate', () => this.#memory.truncate(size));
  }

  discard(at: HostOffset, length: number): void {
    this.#perform('discard', () => this.#memory.discard(at, length));
  }

  flush(): void {
    this.#perform('flush', () => this.#memory.flush());
  }

  close(): void {
    // The bytes stay readable for the test.
  }

  #perform(access: Access, work: () => void): void {
    const fails = access === this.#failure.access && this.#count++ === this.#failure.index;
    if (!fails || this.#failure.effect === 'done') work();
    if (fails) throw new EngineError('io', `This ${access} was made to fail.`);
  }
}
