import type { LongTask } from '../progress.ts';

/**
 * Joins the progress of several operations into one. How long the later ones take is not known before they run; they are
 * taken to be as long as the earlier ones were on average, as QEMU reckons.
 */
export class AmendProgress {
  readonly #operationCount: number;
  #completedCount = 0;
  #completedWork = 0;

  constructor(operationCount: number) {
    this.#operationCount = operationCount;
  }

  *of(operation: LongTask<void>): LongTask<void> {
    let work = 0;
    for (const { phase, done, total } of operation) {
      work = total;
      const known = this.#completedWork + total;
      const left = this.#operationCount - this.#completedCount - 1;
      const projected = Math.trunc((known * left) / (this.#completedCount + 1));
      yield { phase, done: this.#completedWork + done, total: known + projected };
    }
    this.#completedWork += work;
    this.#completedCount++;
  }
}
