import type { LongTask } from '../progress.ts';
import type { Storage } from '../storage/storage.ts';
import type { CheckReport } from './report.ts';
import { runCheck, type CheckOptions } from './run-check.ts';

/**
 * Checks an image as `qemu-img check` does: same findings, same counters, same lines. Reads only. Throws where opening
 * the image for a check fails (not qcow2, unsupported, header out of bounds).
 */
export function checkImage(storage: Storage, options: CheckOptions = {}): LongTask<CheckReport> {
  return runCheck(storage, null, options);
}
