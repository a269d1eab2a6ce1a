import { isEngineError } from '#engine';

/** C's text for the errno that stands nearest to an engine error; QEMU prints it behind a colon. */
export function strerror(error: unknown): string {
  if (!isEngineError(error)) throw error;
  switch (error.code) {
    case 'no-space':
    case 'quota':
      return 'No space left on device';
    case 'not-found':
      return 'No such file or directory';
    case 'permission':
      return 'Permission denied';
    case 'read-only':
      return 'Operation not permitted';
    case 'exists':
      return 'File exists';
    // Of uncounted clusters QEMU says it as well, having made the missing block: a second attempt would find it.
    case 'locked':
    case 'uncounted':
      return 'Resource temporarily unavailable';
    case 'unsupported':
      return 'Operation not supported';
    case 'invalid-argument':
    case 'invalid-image':
      return 'Invalid argument';
    case 'too-large':
      return 'File too large';
    case 'closed':
      return 'No medium found';
    case 'cancelled':
      return 'Operation canceled';
    default:
      return 'Input/output error';
  }
}
