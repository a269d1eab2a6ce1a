import { EngineError, isEngineError } from '#engine';

/** For `catch`: the same error with words before its message, as QEMU puts them there on the way up. */
export function prefixed(words: string): (error: unknown) => never {
  return (error) => {
    if (!isEngineError(error)) throw error;
    throw new EngineError(error.code, words + error.message, {
      cause: error,
      ...(error.hint !== null && { hint: error.hint }),
    });
  };
}

/** The line that QEMU prints when an access finds an image contradicting itself for the first time. */
export function corruptionNews(error: EngineError): string[] {
  return error.code === 'corrupt' && error.message.startsWith('qcow2: ') ? [error.message] : [];
}
