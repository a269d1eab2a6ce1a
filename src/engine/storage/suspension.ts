import type { GuestOffset } from '../format/addresses.ts';
import type { DebugEvent } from './debug-event.ts';

/** Guest bytes whose mapping a suspended operation is about to change. */
export interface InFlightRange {
  readonly at: GuestOffset;
  readonly length: number;
}

/**
 * Thrown by a listener that wants a guest operation stopped at an event (a breakpoint). It leaves the engine as an error
 * does, except that what the operation allocated stays allocated: others must not get it meanwhile. To go on, `release`
 * gives that back and the operation is carried out anew; it takes the same place again if it can.
 */
export class Suspension extends Error {
  /** The breakpoints that it met; all of them have to let it go. */
  readonly tags: readonly string[];
  /** Where it was stopped. */
  readonly event: DebugEvent;
  readonly inFlight: InFlightRange[] = [];
  #held: (() => void)[] = [];

  constructor(tags: readonly string[], event: DebugEvent) {
    super(`A request was suspended as '${tags.join("', '")}'.`);
    this.name = 'Suspension';
    this.tags = tags;
    this.event = event;
  }

  /** Keeps something for the operation; `giveBack` undoes that. */
  hold(giveBack: () => void): void {
    this.#held.push(giveBack);
  }

  release(): void {
    for (const giveBack of this.#held) giveBack();
    this.#held = [];
  }
}
