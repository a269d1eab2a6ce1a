import { RpcError } from './error.ts';

/** How long a task may run before other requests get their turn. */
const SLICE_MS = 8;

export interface SliceOptions<Progress> {
  readonly signal: AbortSignal;
  /** Called at most once a slice, with the latest. */
  readonly onProgress: (progress: Progress) => void;
}

/**
 * Drives a generator to its end in slices of about 8 ms. Between two slices messages are delivered, so that progress
 * goes out, and a cancel comes in: then the generator's `finally` blocks run and the promise rejects as `cancelled`.
 */
export async function runInSlices<Progress, Output>(
  task: Generator<Progress, Output, void>,
  { signal, onProgress }: SliceOptions<Progress>,
): Promise<Output> {
  const turns = new Turns();
  try {
    for (;;) {
      if (signal.aborted) {
        task.return(undefined as never);
        throw new RpcError('cancelled', 'Cancelled.');
      }
      const sliceEnd = performance.now() + SLICE_MS;
      let step = task.next();
      while (step.done !== true && performance.now() < sliceEnd) step = task.next();
      if (step.done === true) return step.value;
      onProgress(step.value);
      await turns.next();
    }
  } finally {
    turns.close();
  }
}

/** Turns of the event loop; a timer of 0 ms would wait 4 ms each time. */
export class Turns {
  readonly #channel = new MessageChannel();
  #resume: () => void = () => undefined;

  constructor() {
    this.#channel.port1.onmessage = () => this.#resume();
  }

  next(): Promise<void> {
    return new Promise((resolve) => {
      this.#resume = resolve;
      this.#channel.port2.postMessage(null);
    });
  }

  close(): void {
    this.#channel.port1.close();
  }
}
