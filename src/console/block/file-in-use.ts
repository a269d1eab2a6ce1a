import { EngineError } from '#engine';

/** That somebody else has a file, in QEMU's words: one who keeps writers out, or, to who wants no writer beside it, one who writes. */
export function fileInUse(path: string, wants: 'to-write' | 'no-writer', cause?: unknown): EngineError {
  return new EngineError('locked', `Failed to get ${wants === 'to-write' ? '' : 'shared '}"write" lock`, {
    ...(cause !== undefined && { cause }),
    hint: `Is another process using the image [${path}]?`,
  });
}
