import { fixedText } from '#engine';
import type { Invocation } from './invocation.ts';

/**
 * The line of `-p`, rewritten in place whenever it moved by more than `step` per cent. Percentages are kept in single
 * precision, as the printed ones are.
 */
export class ProgressLine {
  readonly #invocation: Invocation;
  readonly isShown: boolean;
  readonly #step: number;
  #percent = 0;
  #shown = 0;

  constructor(invocation: Invocation, { step = 1 }: { readonly step?: number } = {}) {
    this.#invocation = invocation;
    this.isShown = invocation.has('p') && !invocation.isQuiet;
    this.#step = step;
  }

  begin(): void {
    this.#set(0);
  }

  update(done: number, total: number): void {
    this.#set((done / total) * 100);
  }

  /** Goes on by a part of the whole, each step of the sum rounded to single precision as in QEMU. */
  advance(percent: number): void {
    const part = Math.fround(Math.fround(Math.fround(percent) / 100) * 100);
    this.#set(this.#percent + part);
  }

  complete(): void {
    this.#set(100);
  }

  /** Leaves the line as it stands, after success and failure alike. */
  end(): void {
    if (this.isShown) this.#invocation.host.writeOut('\n');
  }

  #set(percent: number): void {
    this.#percent = Math.min(100, Math.fround(percent));
    const hasMoved = Math.abs(this.#percent - this.#shown) > this.#step;
    if (!this.isShown || (!hasMoved && this.#percent !== 100 && this.#percent !== 0)) return;
    this.#shown = this.#percent;
    this.#invocation.host.writeOut(`    (${fixedText(this.#percent, 2)}/100%)\r`);
    this.#invocation.host.flushOut();
  }
}
