import type { CodecPool } from '../host.ts';

/** What jobs in a pool will give. Whoever needs it helps the pool before it waits. */
export class JobResult<T> {
  readonly #result: Promise<T>;
  #isSettled = false;

  /** A failure is met by who asks for the result, which may be nobody after another failure. */
  constructor(result: Promise<T>) {
    const settle = () => void (this.#isSettled = true);
    result.then(settle, settle);
    this.#result = result;
  }

  async arrival(pool: CodecPool, pause: () => Promise<void>): Promise<T> {
    while (!this.#isSettled && pool.help()) await pause();
    return this.#result;
  }
}
