import type { CheckReport, Finding, FindingKind } from '../check/report.ts';
import { LAZY_REFCOUNTS_BIT } from '../format/features.ts';
import type { Header } from '../format/header.ts';
import { sizeText } from './size-text.ts';

/** The state of an image in words: what happened, what it means for the data, what to do. */
export interface Verdict {
  readonly level: 'sound' | 'leaks' | 'needs-repair' | 'damaged' | 'unreadable';
  readonly sentence: string;
  readonly detail: string;
}

type Words = Pick<Header, 'clusterBits' | 'compatibleFeatures'>;

/** Sums a check up for people; the worst comes first. */
export function explain(report: CheckReport, header: Words): Verdict {
  if (report.aborted !== null || report.counters.checkErrors > 0) return unreadable(report);
  const crossLink = report.findings.find(({ kind }) => kind === 'cross-linked');
  if (crossLink !== undefined) return crossLinked(report, crossLink);
  if (hasUnmendable(report)) return damaged(report);
  if (report.isDirty) return dirty(report, header);
  if (report.counters.corruptions > 0) return inconsistent(report);
  if (report.isMarkedCorrupt) return MARKED_CORRUPT;
  if (report.counters.leaks > 0) return leaks(report, header);
  return SOUND;
}

const SOUND: Verdict = {
  level: 'sound',
  sentence: 'Clean.',
  detail: 'Every cluster is counted exactly as often as it is used.',
};

const MARKED_CORRUPT: Verdict = {
  level: 'needs-repair',
  sentence: 'Marked as corrupt, though nothing is wrong with it now.',
  detail: 'A program met a contradiction here and forbade further writing. Repair takes the mark off.',
};

function unreadable({ aborted, counters }: CheckReport): Verdict {
  const reason = aborted ?? plural(counters.checkErrors, 'refcount could not be read', 'refcounts could not be read');
  return {
    level: 'unreadable',
    sentence: `The check could not finish: ${reason}.`,
    detail: 'What the image holds may still be readable. Copy what you need before anything is written to it.',
  };
}

function crossLinked(report: CheckReport, finding: Finding): Verdict {
  const others = countOf(report, 'cross-linked') - 1;
  const more = others > 0 ? ` ${plural(others, 'more cluster is', 'more clusters are')} shared as well.` : '';
  return {
    level: 'damaged',
    sentence: `${finding.message}${more}`,
    detail: "One of them shows the other's data; repair stops it from spreading but cannot tell which is right.",
  };
}

function damaged(report: CheckReport): Verdict {
  const lost = report.findings.filter(isUnmendable).length;
  const atLeast = report.findingsOmitted > 0 ? 'At least ' : '';
  const sentence = `${atLeast}${plural(lost, 'entry cannot be right', 'entries cannot be right')}, and no repair knows what stood there.`;
  const isRepairRefused = report.unknownReferences !== null;
  return {
    level: 'damaged',
    sentence,
    detail: isRepairRefused
      ? `${report.unknownReferences} A repair would give away what it refers to, so it frees nothing. Copy what can be read.`
      : 'The guest data behind them may be lost; the rest is untouched. Copy what you need before repairing.',
  };
}

function dirty(report: CheckReport, header: Words): Verdict {
  const { corruptions, leaks: leakCount } = report.counters;
  const behind = countOf(report, 'refcount-too-low');
  const isLazy = (header.compatibleFeatures & LAZY_REFCOUNTS_BIT) !== 0n;
  const level = 'needs-repair';
  if (corruptions === 0 && leakCount === 0) {
    return {
      level,
      sentence: 'Dirty: closed in the middle of writing, but everything agrees. No guest data is at risk.',
      detail: 'Opening it for writing takes the mark off.',
    };
  }
  if (corruptions === 0) {
    return {
      level,
      sentence: `Dirty: closed in the middle of writing. ${leakSentence(report, header)}`,
      detail: 'Space is lost, data is not; opening it for writing frees the space.',
    };
  }
  const cause = isLazy ? ', as lazy refcounts leave them after a crash' : '';
  const what =
    behind > 0 ? `${plural(behind, 'refcount is', 'refcounts are')} behind` : 'Some flags do not fit the refcounts';
  return {
    level,
    sentence: `Dirty: closed in the middle of writing. ${what}${cause}. No guest data is at risk.`,
    detail: 'Opening it for writing brings them up to date.',
  };
}

function inconsistent(report: CheckReport): Verdict {
  const behind = countOf(report, 'refcount-too-low');
  const repair = report.needsRebuild ? 'Repair builds the refcounts anew from the tables.' : 'Repair corrects this.';
  return {
    level: 'needs-repair',
    sentence:
      behind > 0
        ? `${plural(behind, 'cluster in use is', 'clusters in use are')} not counted as such, though the image says it is clean.`
        : `${plural(report.counters.corruptions, 'entry contradicts', 'entries contradict')} the refcounts.`,
    detail: `The data is there, but the next write may overwrite it. ${repair}`,
  };
}

function leaks(report: CheckReport, header: Words): Verdict {
  return {
    level: 'leaks',
    sentence: leakSentence(report, header),
    detail: 'Space is lost, data is not. Repair gives the space back.',
  };
}

function leakSentence({ counters }: CheckReport, { clusterBits }: Words): string {
  const size = sizeText(counters.leaks * 2 ** clusterBits);
  const { leaks: count } = counters;
  return `${plural(count, 'cluster', 'clusters')} (${size}) ${count === 1 ? 'belongs' : 'belong'} to nobody.`;
}

function hasUnmendable(report: CheckReport): boolean {
  return report.findings.some(isUnmendable);
}

function isUnmendable({ mendedBy, severity, kind }: Finding): boolean {
  return mendedBy === 'nothing' && severity === 'corruption' && kind !== 'cross-linked';
}

function countOf({ findings }: CheckReport, kind: FindingKind): number {
  return findings.filter((finding) => finding.kind === kind).length;
}

function plural(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
