import type { Invocation } from './invocation.ts';

/** The line of `-p`: rewritten in place whenever at least one per cent was done. */
export class ProgressLine {
  readonly #invocation: Invocation;
  readonly #isShown: boolean;
  #shown = -Infinity;

  constructor(invocation: Invocation) {
    this.#invocation = invocation;
    this.#isShown = invocation.has('p') && !invocation.isQuiet;
    this.update(0, 1);
  }

  update(done: number, total: number): void {
    const percent = total === 0 ? 100 : (done * 100) / total;
    if (!this.#isShown || (percent < this.#shown + 1 && percent !== 100) || percent === this.#shown) return;
    this.#shown = percent;
    this.#invocation.host.writeOut(`    (${percent.toFixed(2)}/100%)\r`);
    this.#invocation.host.flushOut();
  }

  end(): void {
    this.update(1, 1);
    if (this.#isShown) this.#invocation.host.writeOut('\n');
  }
}
