import type { LongTask } from '#engine';
import type { ConsoleHost } from './host.ts';

/** How long a program works before it gives others a turn. */
const SLICE_MS = 8;

/** A function to be called wherever work can be interrupted; every few milliseconds it gives others a turn. */
export function paceOf(host: ConsoleHost): () => Promise<void> {
  let sliceEnd = host.now() + SLICE_MS;
  return async () => {
    if (host.now() < sliceEnd) return;
    await host.pause();
    sliceEnd = host.now() + SLICE_MS;
  };
}

/** Drives a long operation of the engine, with pauses. @throws EngineError cancelled after Ctrl+C */
export async function runTask<T>(host: ConsoleHost, task: LongTask<T>): Promise<T> {
  const pace = paceOf(host);
  try {
    for (;;) {
      const step = task.next();
      if (step.done === true) return step.value;
      await pace();
    }
  } finally {
    // Left early, the task cleans up after itself.
    task.return(undefined as never);
  }
}
