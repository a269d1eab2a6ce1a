import { GUIDE, type GuideFacts } from './guide.ts';

/** Where somebody is in the guide, and what they have seen since the step began. */
export class Guide {
  /** Null without the guide. */
  #step = $state<number | null>(null);
  #seen = $state.raw<readonly GuideFacts[]>([]);
  readonly current = $derived(this.#step === null ? null : (GUIDE[this.#step] ?? null));
  readonly isDone = $derived(this.current?.isDone(this.#seen) ?? false);

  get step(): number | null {
    return this.#step;
  }

  goTo(step: number | null): void {
    this.#step = step;
    this.#seen = [];
  }

  note(facts: GuideFacts): void {
    if (this.#step !== null) this.#seen = [...this.#seen, facts];
  }
}
