import type { ImageHead } from '#engine';
import type { ConsoleHost } from '../host.ts';
import type { Report } from './driver.ts';

/** What QEMU says of a header that can be read all the same. The hint ends without a new line there. */
export function tellWarnings({ warnings }: ImageHead, report: Report, host: ConsoleHost): void {
  for (const { message, hint } of warnings) {
    report(`warning: ${message}`);
    host.writeErr(hint);
  }
}
