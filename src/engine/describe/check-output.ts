import type { CheckCounters, CheckReport } from '../check/report.ts';

export interface CheckOutput {
  /** What `qemu-img check` prints on stdout; its messages go to stderr. */
  readonly output: string;
  readonly exitCode: 0 | 1 | 2 | 3;
}

/** A report in the words of `qemu-img check`, with the exit code that scripts look at. */
export function checkOutput({ counters, aborted }: CheckReport): CheckOutput {
  if (aborted !== null) return { output: '', exitCode: 1 };
  return {
    output: [...verdictLines(counters), ...statisticsLines(counters), ''].join('\n'),
    exitCode: exitCodeOf(counters),
  };
}

function verdictLines({ corruptions, leaks, checkErrors }: CheckCounters): string[] {
  const lines: string[] = [];
  if (corruptions > 0) {
    lines.push(
      '',
      `${corruptions} errors were found on the image.`,
      'Data may be corrupted, or further writes to the image may corrupt it.',
    );
  }
  if (leaks > 0) {
    lines.push(
      '',
      `${leaks} leaked clusters were found on the image.`,
      'This means waste of disk space, but no harm to data.',
    );
  }
  if (checkErrors > 0) lines.push('', `${checkErrors} internal errors have occurred during the check.`);
  return lines.length > 0 ? lines : ['No errors were found on the image.'];
}

function statisticsLines(counters: CheckCounters): string[] {
  const { totalClusters, allocatedClusters, fragmentedClusters, compressedClusters, imageEndOffset } = counters;
  const percent = (part: number, whole: number) => `${((part * 100) / whole).toFixed(2)}%`;
  const lines: string[] = [];
  if (totalClusters > 0 && allocatedClusters > 0) {
    lines.push(
      `${allocatedClusters}/${totalClusters} = ${percent(allocatedClusters, totalClusters)} allocated, ` +
        `${percent(fragmentedClusters, allocatedClusters)} fragmented, ` +
        `${percent(compressedClusters, allocatedClusters)} compressed clusters`,
    );
  }
  if (imageEndOffset > 0) lines.push(`Image end offset: ${imageEndOffset}`);
  return lines;
}

function exitCodeOf({ corruptions, leaks, checkErrors }: CheckCounters): CheckOutput['exitCode'] {
  if (checkErrors > 0) return 1;
  if (corruptions > 0) return 2;
  return leaks > 0 ? 3 : 0;
}
