import { isEngineError } from '#engine';
import { strerror } from '../../text/strerror.ts';
import { ImgFailure } from '../failure.ts';

/** Writes to the target. @throws ImgFailure in place of an EngineError, with QEMU's text */
export function attemptWrite(at: number, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw writeFailure(at, error);
  }
}

/** What QEMU says of a write that failed; a bug of ours is thrown as it is. */
export function writeFailure(at: number, error: unknown): ImgFailure {
  if (!isEngineError(error)) throw error;
  return new ImgFailure(`error while writing at byte ${at}: ${strerror(error)}`);
}
