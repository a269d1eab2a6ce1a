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
