import { isEngineError } from '#engine';
import { strerror } from '../../text/strerror.ts';
import { ImgFailure } from '../invocation.ts';

/** Writes to the target. @throws ImgFailure in place of an EngineError, with QEMU's text */
export function attemptWrite(at: number, write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!isEngineError(error)) throw error;
    throw new ImgFailure(`error while writing at byte ${at}: ${strerror(error)}`);
  }
}
