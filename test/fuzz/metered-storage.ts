import { MemoryStorage, type LongTask, type Purpose, type Storage } from '#engine';

/** What a synchronous call, or a long task between two reports of progress, may ask of the storage. */
export const SLICE_OPERATIONS_MAX = 300_000;
export const SLICE_BYTES_MAX = 512 * 1024 * 1024;
/** The largest piece that the engine may hold in memory at once: a bitmap directory of the largest size allowed. */
export const PIECE_BYTES_MAX = 64 * 1024 * 1024;
/** Where a long task is cancelled, as a person would who does not want to wait; what it cost until then is in bounds. */
const TASK_BYTES_MAX = 2 * 1024 * 1024 * 1024;
const TASK_STEPS_MAX = 2_000_000;

export interface WrittenRange {
  readonly at: number;
  readonly length: number;
  readonly why: Purpose;
}

/** The engine asked for more than it may. Not an EngineError, so that nothing in the engine takes it for one. */
export class BudgetExceeded extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BudgetExceeded';
  }
}

/** Memory that counts what is asked of it, refuses what no image justifies, and remembers where was written. */
export class MeteredStorage implements Storage {
  readonly isReadOnly = false;
  readonly written: WrittenRange[] = [];
  readonly below: MemoryStorage;
  #operations = 0;
  #bytes = 0;
  #bytesInAll = 0;

  constructor(bytes: Uint8Array) {
    this.below = MemoryStorage.from(bytes);
  }

  get size(): number {
    return this.below.size;
  }

  get bytesInAll(): number {
    return this.#bytesInAll;
  }

  beginSlice(): void {
    this.#operations = 0;
    this.#bytes = 0;
  }

  read(at: number, into: Uint8Array): void {
    this.#count(at, into.length);
    this.below.read(at, into);
  }

  write(at: number, bytes: Uint8Array, why: Purpose): void {
    this.#count(at, bytes.length);
    this.written.push({ at, length: bytes.length, why });
    this.below.write(at, bytes);
  }

  truncate(size: number, _why: Purpose): void {
    this.#count(size, 0);
    this.below.truncate(size);
  }

  discard(at: number, length: number, why: Purpose): void {
    this.#count(at, 0);
    this.written.push({ at, length, why });
    this.below.discard(at, length);
  }

  flush(): void {
    this.#count(0, 0);
  }

  /** What was written is looked at after the image was closed. */
  close(): void {
    this.#count(0, 0);
  }

  #count(at: number, length: number): void {
    if (!Number.isSafeInteger(at) && at < 2 ** 53) throw new BudgetExceeded(`${at} is no position in a file`);
    if (length > PIECE_BYTES_MAX) throw new BudgetExceeded(`a piece of ${length} bytes`);
    this.#operations += 1;
    this.#bytes += length;
    this.#bytesInAll += length;
    if (this.#operations > SLICE_OPERATIONS_MAX) throw new BudgetExceeded(`more than ${SLICE_OPERATIONS_MAX} accesses`);
    if (this.#bytes > SLICE_BYTES_MAX) throw new BudgetExceeded(`more than ${SLICE_BYTES_MAX} bytes`);
  }
}

/** Drives a long task over a metered storage to its end; null where it was cancelled because it takes too long. */
export function drive<T>(storage: MeteredStorage, task: LongTask<T>): T | null {
  const start = storage.bytesInAll;
  for (let steps = 0; steps < TASK_STEPS_MAX; steps++) {
    storage.beginSlice();
    const step = task.next();
    if (step.done === true) return step.value;
    if (storage.bytesInAll - start > TASK_BYTES_MAX) break;
  }
  task.return(undefined as T);
  return null;
}
