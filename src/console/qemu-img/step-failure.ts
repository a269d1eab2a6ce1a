import { StepFailure } from '#engine';
import { strerror } from '../text/strerror.ts';
import type { Invocation } from './invocation.ts';

/** QEMU's text for a failed step: the step, those within it, then the errno. Where the reason says more than that, it has its own line before. */
export function stepFailureText(invocation: Invocation, { step, cause }: StepFailure): string {
  if (cause instanceof StepFailure) return `${step}: ${stepFailureText(invocation, cause)}`;
  const errno = strerror(cause);
  invocation.tellCorruption(cause);
  const isTold = cause.code === 'corrupt' && cause.message.startsWith('qcow2: ');
  if (!isTold && cause.code !== 'io' && cause.message !== errno) invocation.complain(cause.message);
  return `${step}: ${errno}`;
}
