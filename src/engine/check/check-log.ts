import { imageIsCorrupt } from '../corruption-text.ts';
import type { CheckCounters, Finding, Severity } from './report.ts';

/** What a pass tells the log; whatever is left out is null there. */
export type FindingDraft = Pick<Finding, 'kind' | 'message' | 'mendedBy'> & Partial<Finding>;

/** How many findings there were at some moment. */
export interface FindingsMark {
  readonly length: number;
  readonly omitted: number;
}

export interface CheckLogOptions {
  readonly findingsMax: number;
  readonly messagesMax: number;
  /** Hears the line of everything that is mended. */
  readonly onMended: (line: string) => void;
}

/** Collects what the passes find: QEMU's counters and lines for all of it, findings as data up to a limit. */
export class CheckLog {
  counters: CheckCounters = newCounters();
  readonly findings: Finding[] = [];
  readonly messages: string[] = [];
  findingsOmitted = 0;
  messagesOmitted = 0;
  /** The first table that could not be reached: what it refers to is not counted. */
  unknownReferences: string | null = null;
  /** The refcount structures of the image, as found, are beyond correcting. */
  needsRebuild = false;
  readonly #options: CheckLogOptions;

  constructor(options: CheckLogOptions) {
    this.#options = options;
  }

  corruption(draft: FindingDraft): void {
    this.counters.corruptions += 1;
    this.#found('corruption', draft);
  }

  leak(draft: FindingDraft): void {
    this.counters.leaks += 1;
    this.#found('leak', draft);
  }

  checkError(draft: FindingDraft): void {
    this.counters.checkErrors += 1;
    this.#found('check-error', draft);
  }

  /** Something that is mended in this very run: QEMU's line, and the finding for people, but no open problem. */
  mended(severity: 'corruption' | 'leak', draft: FindingDraft): void {
    if (severity === 'corruption') this.counters.corruptionsFixed += 1;
    else this.counters.leaksFixed += 1;
    this.#options.onMended(draft.message);
    this.#found(severity, draft);
  }

  /** A corruption that QEMU counts without a line. */
  silentCorruption(draft: Omit<FindingDraft, 'message'>): void {
    this.counters.corruptions += 1;
    this.#keep('corruption', { message: '', ...draft });
  }

  /** The same for something mended whose line was printed before it was tried. */
  mendedSilently(severity: 'corruption' | 'leak', draft: Omit<FindingDraft, 'message'>): void {
    if (severity === 'corruption') this.counters.corruptionsFixed += 1;
    else this.counters.leaksFixed += 1;
    this.#keep(severity, { message: '', ...draft });
  }

  /** A finding that QEMU has no line and no counter for. */
  note(draft: FindingDraft): void {
    this.#keep('corruption', draft);
  }

  line(message: string): void {
    if (this.messages.length < this.#options.messagesMax) this.messages.push(message);
    else this.messagesOmitted += 1;
  }

  /** Hands out the counters so far and begins new ones, as QEMU counts some phases apart. */
  takeCounters(): CheckCounters {
    const { counters } = this;
    this.counters = newCounters();
    return counters;
  }

  addCounters(more: CheckCounters): void {
    for (const name of Object.keys(more) as (keyof CheckCounters)[]) this.counters[name] += more[name];
  }

  /** A mark before a pass that repeats what was reported already (QEMU does): its lines count, its findings do not. */
  keptFindings(): FindingsMark {
    return { length: this.findings.length, omitted: this.findingsOmitted };
  }

  restoreFindings({ length, omitted }: FindingsMark): void {
    this.findings.length = length;
    this.findingsOmitted = omitted;
  }

  #found(severity: Severity, draft: FindingDraft): void {
    this.line(draft.message);
    this.#keep(severity, draft);
  }

  #keep(severity: Severity, draft: FindingDraft): void {
    if (this.findings.length >= this.#options.findingsMax) {
      this.findingsOmitted += 1;
      return;
    }
    this.findings.push({ severity, at: null, cluster: null, refcount: null, references: null, ...draft });
  }
}

/** QEMU gives up the check: everything found so far stands, and the run ends with `Check failed: <reason>`. */
export class CheckAborted extends Error {
  constructor(reason: string, options?: { cause: unknown }) {
    super(reason, options);
    this.name = 'CheckAborted';
  }
}

/**
 * An entry that should be mended lies in a cluster that another structure occupies; writing it would break that one.
 * QEMU marks the image corrupt then; here nothing is written, so the line is the one of a read-only image.
 */
export function overlapFound(log: CheckLog, structure: string, message: string): CheckAborted {
  log.line(imageIsCorrupt(`Preventing invalid write on metadata (overlaps with ${structure})`));
  log.checkError({ kind: 'io-error', message, mendedBy: 'nothing' });
  return new CheckAborted('Input/output error');
}

function newCounters(): CheckCounters {
  return {
    corruptions: 0,
    leaks: 0,
    checkErrors: 0,
    corruptionsFixed: 0,
    leaksFixed: 0,
    totalClusters: 0,
    allocatedClusters: 0,
    fragmentedClusters: 0,
    compressedClusters: 0,
    imageEndOffset: 0,
  };
}
