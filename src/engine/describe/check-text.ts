import type { CheckCounters, CheckReport } from '../check/report.ts';
import type { RepairPlan } from '../repair/step.ts';
import { fixedText } from './fixed-text.ts';

/** What `qemu-img check` prints and how it ends. */
export interface CheckOutput {
  /** On stdout. */
  readonly output: string;
  readonly stderr: string;
  /** 0 sound, 2 corruptions, 3 leaks only, 1 the check itself failed. */
  readonly exitCode: number;
}

/** `qemu-img check FILE`. QEMU prints a line for each finding, ours those that are kept; the summary counts all of them. */
export function checkOutput(report: CheckReport): CheckOutput {
  const failure = failureOf(report);
  return {
    output: report.aborted === null ? summary(report.counters) : '',
    stderr: lines([...report.messages, ...failure]),
    exitCode: exitCodeOf(report),
  };
}

/** What a terminal shows of `qemu-img check FILE`: findings, summary and failure, in the order in which they are printed. */
export function checkTranscript(report: CheckReport): string {
  const omitted = report.messagesOmitted > 0 ? [`… and ${report.messagesOmitted} more lines`] : [];
  return lines([...report.messages, ...omitted]) + checkOutput(report).output + lines(failureOf(report));
}

/** `qemu-img check -r MODE FILE`: the repair, and if it fixed anything, the check of what came of it. */
export function repairOutput({ report, after }: Pick<RepairPlan, 'report' | 'after'>): CheckOutput {
  if (after === null) return checkOutput(report);
  const { leaksFixed, corruptionsFixed } = report.counters;
  const last = checkOutput(after);
  return {
    output:
      'The following inconsistencies were found and repaired:\n\n' +
      `    ${leaksFixed} leaked clusters\n    ${corruptionsFixed} corruptions\n\n` +
      `Double checking the fixed image now...\n${last.output}`,
    stderr: lines(report.messages) + last.stderr,
    exitCode: last.exitCode,
  };
}

/** `qemu-img check --output=json`; counters that are 0 are left out where QEMU leaves them out. */
export function checkJson(filename: string, { report, after }: { report: CheckReport; after?: CheckReport | null }) {
  const counters = (after ?? report).counters;
  const { leaksFixed, corruptionsFixed } = report.counters;
  const isAllocated = counters.totalClusters > 0;
  return {
    ...(counters.imageEndOffset > 0 && { 'image-end-offset': counters.imageEndOffset }),
    ...(isAllocated && { 'total-clusters': counters.totalClusters }),
    'check-errors': counters.checkErrors,
    ...(counters.corruptions > 0 && { corruptions: counters.corruptions }),
    ...(counters.leaks > 0 && { leaks: counters.leaks }),
    ...(corruptionsFixed > 0 && { 'corruptions-fixed': corruptionsFixed }),
    ...(leaksFixed > 0 && { 'leaks-fixed': leaksFixed }),
    ...(counters.allocatedClusters > 0 && { 'allocated-clusters': counters.allocatedClusters }),
    ...(counters.fragmentedClusters > 0 && { 'fragmented-clusters': counters.fragmentedClusters }),
    ...(counters.compressedClusters > 0 && { 'compressed-clusters': counters.compressedClusters }),
    filename,
    format: 'qcow2',
  };
}

function exitCodeOf({ aborted, counters }: CheckReport): number {
  if (aborted !== null || counters.checkErrors > 0) return 1;
  if (counters.corruptions > 0) return 2;
  return counters.leaks > 0 ? 3 : 0;
}

function failureOf({ aborted, counters }: CheckReport): string[] {
  if (aborted !== null) return [`qemu-img: Check failed: ${aborted}`];
  return counters.checkErrors > 0 ? ['qemu-img: Check failed'] : [];
}

function summary(counters: CheckCounters): string {
  const { corruptions, leaks, checkErrors, totalClusters, allocatedClusters, imageEndOffset } = counters;
  let text = '';
  if (corruptions + leaks + checkErrors === 0) text += 'No errors were found on the image.\n';
  if (corruptions > 0) {
    text += `\n${corruptions} errors were found on the image.\n`;
    text += 'Data may be corrupted, or further writes to the image may corrupt it.\n';
  }
  if (leaks > 0) {
    text += `\n${leaks} leaked clusters were found on the image.\n`;
    text += 'This means waste of disk space, but no harm to data.\n';
  }
  if (checkErrors > 0) text += `\n${checkErrors} internal errors have occurred during the check.\n`;
  if (totalClusters > 0 && allocatedClusters > 0) {
    const allocated = percent(allocatedClusters, totalClusters);
    const fragmented = percent(counters.fragmentedClusters, allocatedClusters);
    const compressed = percent(counters.compressedClusters, allocatedClusters);
    text += `${allocatedClusters}/${totalClusters} = ${allocated}% allocated, `;
    text += `${fragmented}% fragmented, ${compressed}% compressed clusters\n`;
  }
  if (imageEndOffset > 0) text += `Image end offset: ${imageEndOffset}\n`;
  return text;
}

function percent(part: number, whole: number): string {
  return fixedText((part * 100) / whole, 2);
}

function lines(messages: readonly string[]): string {
  return messages.map((message) => `${message}\n`).join('');
}
