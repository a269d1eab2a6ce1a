import { isEngineError, type EngineError } from '#engine';

/** Ends a command: the message goes to standard error behind the program's name. */
export class ImgFailure extends Error {
  readonly exitCode: number;
  /** Lines below the message. */
  readonly hints: readonly string[];
  /** Whether the last line ends; one of QEMU's does not. */
  readonly isTerminated: boolean;

  constructor(
    message: string,
    {
      exitCode = 1,
      hints = [],
      isTerminated = true,
    }: { exitCode?: number; hints?: readonly string[]; isTerminated?: boolean } = {},
  ) {
    super(message);
    this.exitCode = exitCode;
    this.hints = hints;
    this.isTerminated = isTerminated;
  }

  /** `CONTEXT: REASON`, or only the reason, with the engine's hint below it. */
  static of(error: EngineError, { context, exitCode = 1 }: { context?: string; exitCode?: number } = {}): ImgFailure {
    const message = context === undefined ? error.message : `${context}: ${error.message}`;
    return new ImgFailure(message, { hints: error.hint === null ? [] : [error.hint], exitCode });
  }
}

/** `-h` stands among the arguments: the help is printed instead of anything being done. */
export class HelpWanted extends Error {}

/** Bad usage: points to the help. */
export function misused(message: string): ImgFailure {
  return new ImgFailure(message, { hints: ["Try 'qemu-img --help' for more information"] });
}

/** `Could not open 'NAME': REASON`. */
export function openFailure(error: unknown, name: string): ImgFailure {
  if (!isEngineError(error)) throw error;
  return failureWithin(error, `Could not open '${name}'`);
}

/** `CONTEXT: REASON`, with what the reason's hints say. */
export function failureWithin(error: unknown, context: string): ImgFailure {
  if (error instanceof ImgFailure) return new ImgFailure(`${context}: ${error.message}`, error);
  return ImgFailure.of(mustBeEngineError(error), { context });
}

/** @throws ImgFailure with `CONTEXT: REASON` */
export function attemptWithin<T>(context: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw failureWithin(error, context);
  }
}

export function mustBeEngineError(error: unknown): EngineError {
  if (isEngineError(error)) return error;
  throw error;
}
