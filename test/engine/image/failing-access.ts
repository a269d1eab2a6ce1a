import type { MemoryStorage } from '#engine';
import { EngineError, type HostOffset, type Storage } from '#engine';

const SECTOR_SIZE = 512;

export const ACCESSES = ['read', 'write', 'flush', 'discard', 'truncate'] as const;
export type Access = (typeof ACCESSES)[number];

export interface Failure {
  readonly access: Access | readonly Access[];
  /** Which access of these kinds fails, counted from 0. */
  readonly index: number;
  /** All later ones fail as well. */
  readonly isLasting?: boolean;
  /** The disk may have done it all the same, or about half of what was to be written, in whole sectors. */
  readonly effect: 'none' | 'half' | 'done';
}

/** A storage on which an access fails. */
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
    const middle = Math.floor((at + bytes.length / 2) / SECTOR_SIZE) * SECTOR_SIZE;
    const half = bytes.subarray(0, Math.max(0, middle - at));
    this.#perform(
      'write',
      () => this.#memory.write(at, bytes),
      () => this.#memory.write(at, half),
    );
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

  #perform(access: Access, work: () => void, half = work): void {
    const { access: kinds, effect, index, isLasting = false } = this.#failure;
    const isCounted = typeof kinds === 'string' ? access === kinds : kinds.includes(access);
    const count = isCounted ? this.#count++ : -1;
    const fails = count === index || (isLasting && count > index);
    if (!fails || effect === 'done') work();
    else if (effect === 'half') half();
    if (fails) throw new EngineError('io', `This ${access} was made to fail.`);
  }
}

/** Keeps the bytes when the image is closed, so that they can be looked at. */
export function unclosable(memory: MemoryStorage): Storage {
  return new FailingAccess(memory, { access: [], index: 0, effect: 'none' });
}
