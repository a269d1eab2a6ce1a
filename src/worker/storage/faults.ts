import { EngineError, type EngineErrorCode } from '#engine';

/** What the browser's exceptions mean for somebody whose image it is. */
const MEANINGS: Record<string, { code: EngineErrorCode; message: string; hint: string }> = {
  NoModificationAllowedError: {
    code: 'locked',
    message: 'Another tab or window has this image open.',
    hint: 'Close the image there, then try again. Nothing was changed.',
  },
  NotReadableError: {
    code: 'stale',
    message: 'The file was changed on disk after it was opened here.',
    hint: 'Open it again to see its present state. Nothing was written to it.',
  },
  NotFoundError: {
    code: 'not-found',
    message: 'The file is no longer where it was.',
    hint: 'It was moved, renamed or deleted. Open it again from its new place.',
  },
  NotAllowedError: {
    code: 'permission',
    message: 'The browser does not allow access to this file any more.',
    hint: 'Click the image to grant access again.',
  },
  SecurityError: {
    code: 'permission',
    message: 'The browser does not allow access to its storage for this page.',
    hint: 'Private windows and blocked site data can be the reason.',
  },
  QuotaExceededError: {
    code: 'quota',
    message: 'The browser’s storage for this page is full.',
    hint: 'Delete images that are no longer needed, then try again.',
  },
  InvalidStateError: {
    code: 'closed',
    message: 'The storage was closed.',
    hint: 'Open the image again.',
  },
};

/** The engine's error for whatever the browser threw; an `EngineError` stays itself. */
export function engineErrorOf(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown;
  const meaning = thrown instanceof DOMException ? MEANINGS[thrown.name] : undefined;
  if (meaning !== undefined) {
    return new EngineError(meaning.code, meaning.message, { cause: thrown, hint: meaning.hint });
  }
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new EngineError('io', `Reading or writing failed: ${reason}`, { cause: thrown });
}

/** Runs `work` and throws what it throws as an `EngineError`. */
export function guarded<T>(work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw engineErrorOf(thrown);
  }
}

export async function guardedAsync<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw engineErrorOf(thrown);
  }
}
