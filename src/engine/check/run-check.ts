import { ceilDiv } from '../bytes/align.ts';
import type { LongTask } from '../progress.ts';
import type { Storage } from '../storage/storage.ts';
import { checkCopiedFlags } from './check-copied.ts';
import { CheckAborted, CheckLog } from './check-log.ts';
import { checkSnapshotTable, type SnapshotTableCheck } from './check-snapshot-table.ts';
import { compareRefcounts, FIX_NOTHING } from './compare-refcounts.ts';
import { countReferences } from './count-references.ts';
import type { CheckPass } from './count-region.ts';
import { noteCrossLinks } from './cross-links.ts';
import type { Mender } from './mender.ts';
import type { CheckReport } from './report.ts';
import { clusterCountOf, newReferenceMap, readSubject, type Subject } from './subject.ts';

/** The 32-bit counters of QEMU end here. */
const CLUSTERS_MAX = 2 ** 31 - 1;

export interface CheckOptions {
  /** Findings kept as data; the counters count all. */
  readonly findingsMax?: number;
  /** Lines kept of what QEMU prints. */
  readonly messagesMax?: number;
}

export const FINDINGS_MAX = 10_000;
export const MESSAGES_MAX = 100_000;

/** One run in QEMU's order of phases, with a mender or, for a plain check, without. */
export function* runCheck(storage: Storage, mender: Mender | null, options: CheckOptions): LongTask<CheckReport> {
  const subject = readSubject(storage);
  const { findingsMax = FINDINGS_MAX, messagesMax = MESSAGES_MAX } = options;
  const log = new CheckLog({ findingsMax, messagesMax, onMended: (line) => mender?.said(line) });
  let aborted: string | null = null;
  try {
    const snapshots = checkSnapshotTable(subject, log, mender);
    const snapshotCounters = log.takeCounters();
    try {
      yield* checkRefcounts(subject, snapshots, log, mender);
      if (mendsSnapshots(mender)) {
        snapshotCounters.corruptionsFixed += snapshots.pendingCorruptions;
        snapshotCounters.corruptions = 0;
      }
    } finally {
      log.addCounters(snapshotCounters);
    }
  } catch (error) {
    if (!(error instanceof CheckAborted)) throw error;
    aborted = error.message;
  }
  return {
    counters: log.counters,
    findings: log.findings,
    findingsOmitted: log.findingsOmitted,
    messages: log.messages,
    messagesOmitted: log.messagesOmitted,
    needsRebuild: log.needsRebuild,
    unknownReferences: log.unknownReferences,
    aborted,
    isDirty: subject.isDirty,
    isMarkedCorrupt: subject.isMarkedCorrupt,
  };
}

/** Counts all references and holds the refcounts and COPIED flags against them. */
function* checkRefcounts(
  subject: Subject,
  snapshots: SnapshotTableCheck,
  log: CheckLog,
  mender: Mender | null,
): LongTask<void> {
  const { clusterSize } = subject.geometry;
  if (clusterCountOf(subject) > CLUSTERS_MAX) {
    log.counters.checkErrors += 1;
    throw new CheckAborted('File too large');
  }
  log.counters.totalClusters = ceilDiv(subject.header.virtualSize, clusterSize);
  const pass = newPass(subject, log, mender);
  const isBroken = yield* countReferences(pass, snapshots);
  const beforeCompare = { ...log.counters };
  const found = yield* compareRefcounts(pass, FIX_NOTHING);
  log.needsRebuild = isBroken || found.needsRebuild;
  let { highestCluster } = found;
  let copiedPass = pass;

  if (log.needsRebuild && mender?.mode === 'all') {
    const rebuilt = yield* rebuildAndRecount(pass, snapshots, mender);
    copiedPass = rebuilt.pass;
    highestCluster = rebuilt.highestCluster;
  } else if (mender !== null) {
    if (log.needsRebuild) {
      log.line('ERROR need to rebuild refcount structures');
      log.counters.checkErrors += 1;
      throw new CheckAborted('Input/output error');
    }
    if (log.counters.leaks > 0 || log.counters.corruptions > 0) {
      log.counters = beforeCompare;
      const kept = log.keptFindings();
      const fix = { leaks: true, errors: mender.mode === 'all' };
      highestCluster = (yield* compareRefcounts(pass, fix)).highestCluster;
      log.restoreFindings(kept);
      mender.finishRefcounts();
    }
  }

  // Before the flags are looked at: where the old table was, others may be alone from now on.
  const movesTable = mendsSnapshots(mender) && snapshots.pendingCorruptions > 0;
  if (movesTable) mender.rewriteSnapshotTable(snapshots, pass.map);

  const { counters } = log;
  const isMending =
    mender !== null &&
    (mender.mode === 'all' || (counters.checkErrors === 0 && counters.corruptions === 0 && counters.leaks === 0));
  if (copiedPass.needsCopiedPass || movesTable || hasFoundAnything(log)) yield* checkCopiedFlags(copiedPass, isMending);
  counters.imageEndOffset = (highestCluster + 1) * clusterSize;
  yield* noteCrossLinks(pass, snapshots);
}

function mendsSnapshots(mender: Mender | null): mender is Mender {
  return mender?.mode === 'all' && !mender.hasEnded;
}

/** The word-wise comparison proves the COPIED flags only where nothing else was wrong. */
function hasFoundAnything({ counters }: CheckLog): boolean {
  const { corruptions, leaks, checkErrors, corruptionsFixed, leaksFixed } = counters;
  return corruptions + leaks + checkErrors + corruptionsFixed + leaksFixed > 0;
}

/**
 * QEMU's way: new structures are written from the counted references (which include the old structures), then the image
 * is counted again, and the old structures, now unreferenced, are freed as leaks. Fixed is what is gone afterwards.
 */
function* rebuildAndRecount(
  pass: CheckPass,
  snapshots: SnapshotTableCheck,
  mender: Mender,
): LongTask<{ pass: CheckPass; highestCluster: number }> {
  const { log } = pass;
  const before = { ...log.counters };
  log.line('Rebuilding refcount structure');
  mender.said('Rebuilding refcount structure');
  yield* mender.rebuildRefcounts(pass.map);

  // The findings of the first count stand; the second one is for the counters.
  const kept = log.keptFindings();
  const { counters } = log;
  counters.corruptions = 0;
  counters.leaks = 0;
  counters.allocatedClusters = 0;
  counters.fragmentedClusters = 0;
  counters.compressedClusters = 0;
  // What could not be read belonged to the old structures. It counts where the marks are to stay.
  if (!mender.hasEnded) counters.checkErrors = 0;
  const recount = newPass(readSubject(pass.subject.storage), log, null);
  yield* countReferences(recount, snapshots);
  const counted = log.takeCounters();
  const mending = { ...recount, mender };
  const compared = yield* compareRefcounts(mending, { leaks: true, errors: false });
  mender.finishRefcounts();
  if (compared.needsRebuild) log.line('ERROR rebuilt refcount structure is still broken');
  const freshLeaks = log.counters.leaks;
  log.counters = counted;
  counted.corruptionsFixed += Math.max(0, before.corruptions - counted.corruptions);
  counted.leaksFixed += Math.max(0, before.leaks - counted.leaks);
  counted.leaks += freshLeaks;
  log.restoreFindings(kept);
  return { pass: mending, highestCluster: compared.highestCluster };
}

export function newPass(subject: Subject, log: CheckLog, mender: Mender | null): CheckPass {
  return {
    subject,
    map: newReferenceMap(subject),
    log,
    mender,
    crossLinked: new Set(),
    needsCopiedPass: false,
    hasSignalledCorruption: false,
  };
}
