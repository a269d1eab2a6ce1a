import type { ReadHeadOptions } from '#engine';
import type { ConsoleHost } from '../host.ts';
import type { Report } from './driver.ts';

/** Prints what QEMU says of a header besides whether it can be used. The hint ends without a new line there. */
export function warningsTo(report: Report, host: ConsoleHost): NonNullable<ReadHeadOptions['onWarning']> {
  return ({ message, hint }) => {
    report(`warning: ${message}`);
    host.writeErr(hint);
  };
}
