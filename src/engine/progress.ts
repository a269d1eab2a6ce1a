/** Where a long operation stands. `total` is 0 while it is not known. */
export interface Progress {
  /** A stable name of the phase, such as `walk` or `compare`; the page turns it into words. */
  readonly phase: string;
  readonly done: number;
  readonly total: number;
}

/**
 * A long operation: it yields progress at natural places and returns its result. The host drives it, in time slices
 * or all at once, and cancels it by `return()`; whatever `finally` blocks it has run then.
 */
export type LongTask<T> = Generator<Progress, T, void>;

/** Runs a long operation to its end without looking at its progress. */
export function drain<T>(task: LongTask<T>): T {
  for (;;) {
    const step = task.next();
    if (step.done === true) return step.value;
  }
}
