/**
 * Why the engine refuses or cannot go on. Codes are stable: the page, the worker and tests switch on them.
 *
 * | code | meaning |
 * |---|---|
 * | not-qcow2 | the file does not start with the qcow2 magic |
 * | unsupported | valid qcow2, but a feature that this engine does not handle |
 * | invalid-image | a field of the image is outside what the format allows |
 * | passphrase | the image is encrypted, and its passphrase is missing or opens nothing |
 * | corrupt | the image contradicts itself, or its corrupt bit forbids the access |
 * | uncounted | the image refers to a cluster that no refcount block counts |
 * | too-large | a table is, or would become, larger than any that is opened |
 * | invalid-argument | the caller asked for something that cannot be |
 * | needs-repair | a write to an image that was not closed cleanly, before its repair was agreed to |
 * | read-only | a write to something opened read-only |
 * | no-space | the storage (or the header cluster) has no room; nothing that was acknowledged is lost |
 * | quota | the browser's quota for this origin is used up |
 * | io | reading or writing the storage failed |
 * | stale | the local file changed on disk after it was opened |
 * | permission | access to the local file was withdrawn or not granted |
 * | locked | another tab or program has the file open |
 * | not-found | no such file or object |
 * | exists | the name is taken |
 * | closed | the image or storage was closed |
 * | cancelled | the operation was cancelled |
 * | backing | the backing chain cannot be opened or does not fit |
 * | data-file | the external data file was not given |
 */
export type EngineErrorCode =
  | 'not-qcow2'
  | 'unsupported'
  | 'invalid-image'
  | 'passphrase'
  | 'corrupt'
  | 'uncounted'
  | 'too-large'
  | 'invalid-argument'
  | 'needs-repair'
  | 'read-only'
  | 'no-space'
  | 'quota'
  | 'io'
  | 'stale'
  | 'permission'
  | 'locked'
  | 'not-found'
  | 'exists'
  | 'closed'
  | 'cancelled'
  | 'backing'
  | 'data-file';

/** A refusal or failure with a stable code. Where QEMU has a text for the same case, `message` is that text. */
export class EngineError extends Error {
  readonly code: EngineErrorCode;
  /** Further lines that QEMU prints as hints below the error. */
  readonly hint: string | null;
  /** The operating system's name of the failure (`ENAMETOOLONG`), where it says more than the code; null elsewhere. */
  readonly errno: string | null;

  constructor(
    code: EngineErrorCode,
    message: string,
    options: { cause?: unknown; hint?: string; errno?: string | null } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'EngineError';
    this.code = code;
    this.hint = options.hint ?? null;
    this.errno = options.errno ?? null;
  }
}

export function isEngineError(error: unknown, code?: EngineErrorCode): error is EngineError {
  return error instanceof EngineError && (code === undefined || error.code === code);
}

/** A step of an operation failed. QEMU names the step and the errno; the reason in words is in `cause`. */
export class StepFailure extends EngineError {
  readonly step: string;
  declare readonly cause: EngineError;

  constructor(step: string, cause: EngineError) {
    super(cause.code, `${step}: ${cause.message}`, { cause, errno: cause.errno });
    this.step = step;
  }

  /** Takes a step; where that fails, the failure is one of the step. */
  static during<T>(step: string, work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw StepFailure.of(step, cause);
    }
  }

  /** For `catch`: a failure of the step; what is a bug of ours rises as it is. */
  static of(step: string, cause: unknown): StepFailure {
    if (!isEngineError(cause)) throw cause;
    return new StepFailure(step, cause);
  }
}
