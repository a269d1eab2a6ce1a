import { isEngineError, type EngineErrorCode } from '#engine';

/** C's texts where the operating system's name of a failure says more than the engine's code. */
const ERRNO_TEXTS: Readonly<Record<string, string>> = {
  EDQUOT: 'Disk quota exceeded',
  EISDIR: 'Is a directory',
  ELOOP: 'Too many levels of symbolic links',
  EMFILE: 'Too many open files',
  ENAMETOOLONG: 'File name too long',
  ENOTDIR: 'Not a directory',
  ENXIO: 'No such device or address',
  EPERM: 'Operation not permitted',
  EROFS: 'Read-only file system',
  ETXTBSY: 'Text file busy',
};

/** C's text for the errno that stands nearest to an engine error; QEMU prints it behind a colon. */
export function strerror(error: unknown): string {
  if (!isEngineError(error)) throw error;
  return errnoText(error.code, error.errno);
}

/** The same of an error that is yet to be made. */
export function errnoText(code: EngineErrorCode, errno: string | null): string {
  const exact = errno === null ? undefined : ERRNO_TEXTS[errno];
  if (exact !== undefined) return exact;
  switch (code) {
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
