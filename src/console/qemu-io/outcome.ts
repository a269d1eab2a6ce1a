import { isEngineError } from '#engine';
import { strerror } from '../text/strerror.ts';
import type { IoFlags } from './flags.ts';
import { reportOf } from './report.ts';
import type { IoSession } from './session.ts';

/** What became of a request: the parts of what is to be printed, and whether the command succeeded. */
export interface Outcome {
  readonly text: Iterable<string>;
  readonly succeeded: boolean;
}

export interface Timed {
  readonly name: 'read' | 'wrote' | 'discard';
  readonly at: number;
  readonly length: number;
  readonly flags: IoFlags;
  /** What is printed before the reason of a failure. */
  readonly failure: string;
}

/**
 * Carries a request out and takes its time.
 * @param inspect looks at what was done: text to print before the figures, and whether it is as expected
 */
export function timed(
  session: IoSession,
  { name, at, length, flags, failure }: Timed,
  work: () => void,
  inspect: () => Outcome = () => ({ text: [], succeeded: true }),
): Outcome {
  const start = session.host.now();
  try {
    work();
  } catch (error) {
    if (!isEngineError(error)) throw error;
    session.reportCorruption(error);
    return { text: [`${failure}: ${strerror(error)}\n`], succeeded: false };
  }
  const milliseconds = session.host.now() - start;
  const { text, succeeded } = inspect();
  if (flags.has('q')) return { text, succeeded };
  const figures = reportOf({ name, at, length, milliseconds, machineReadable: flags.has('C') });
  return { text: inTurn(text, [figures]), succeeded };
}

/** One after another, each part made when its turn comes. */
export function* inTurn<T>(...lists: readonly Iterable<T>[]): Generator<T> {
  for (const list of lists) yield* list;
}
