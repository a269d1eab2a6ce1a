import { viewOf } from '../bytes/big-endian.ts';
import { isCopied, offsetOf } from '../format/l1-entry.ts';
import { l2KindOf } from '../format/l2-entry.ts';
import type { LongTask } from '../progress.ts';
import { CheckAborted, overlapFound } from './check-log.ts';
import type { CheckPass } from './count-region.ts';
import { RefcountReader } from './refcount-reader.ts';
import { clusterOf, hexOfHalves, readBytes } from './subject.ts';

/**
 * Holds the COPIED flag of every active L1 and L2 entry against the refcount in the image: set exactly where it is 1.
 * A writer trusts the flag alone, so a wrong one lets it overwrite what a snapshot still needs.
 */
export function* checkCopiedFlags(pass: CheckPass, isMending: boolean): LongTask<void> {
  const { storage, header, geometry } = pass.subject;
  const refcounts = new RefcountReader(pass.subject);
  const l1 = new Uint8Array(header.l1Size * 8);
  readBytes(storage, header.l1TableOffset, l1);
  const view = viewOf(l1);
  const table = new Uint8Array(geometry.clusterSize);
  for (let index = 0; index < header.l1Size; index++) {
    const high = view.getUint32(index * 8);
    const low = view.getUint32(index * 8 + 4);
    const offset = offsetOf(high, low);
    if (offset === 0) continue;
    const refcount = refcounts.refcountOf(clusterOf(pass.subject, offset));
    if (refcount === null) continue;
    if ((refcount === 1) !== isCopied(high)) {
      const text = refcounts.textOf(clusterOf(pass.subject, offset), refcount);
      judgeL1Flag(pass, { index, high, low, refcount, text }, isMending);
    }
    readL2Table(pass, offset, table);
    // A table between clusters may be somebody's data.
    checkL2Flags(pass, refcounts, { offset, table }, isMending && offset % geometry.clusterSize === 0);
    yield { phase: 'copied', done: index + 1, total: header.l1Size };
  }
}

interface FlaggedEntry {
  readonly index: number;
  readonly high: number;
  readonly low: number;
  readonly refcount: number;
  /** The refcount in digits. */
  readonly text: string;
}

function judgeL1Flag(pass: CheckPass, { index, high, low, refcount, text }: FlaggedEntry, isMending: boolean): void {
  const { log, mender, subject } = pass;
  const at = subject.header.l1TableOffset + index * 8;
  const finding = {
    kind: 'copied-flag-l1',
    message:
      `${isMending ? 'Repairing' : 'ERROR'} OFLAG_COPIED L2 cluster: l1_index=${index} ` +
      `l1_entry=${hexOfHalves(high, low)} refcount=${text}`,
    mendedBy: 'all',
    at: { hostOffset: at, length: 8 },
    cluster: clusterOf(subject, offsetOf(high, low)),
    refcount,
  } as const;
  if (isMending && mender !== null) {
    const overlapped = mender.structureUnderL1();
    if (overlapped !== null) {
      log.line(finding.message);
      const message = 'ERROR: Could not write L1 table; metadata overlap check failed: Input/output error';
      throw overlapFound(log, overlapped, message);
    }
    mender.setL1Entry(at, withFlag(high, low, refcount));
    log.mended('corruption', finding);
  } else {
    log.corruption(finding);
  }
}

function checkL2Flags(
  pass: CheckPass,
  refcounts: RefcountReader,
  { offset, table }: { offset: number; table: Uint8Array },
  isMending: boolean,
): void {
  const { subject, log, mender } = pass;
  const { geometry, head } = subject;
  const view = viewOf(table);
  const overlapped = isMending && mender !== null ? mender.structureUnder(offset) : null;
  for (let at = 0; at < geometry.clusterSize; at += geometry.l2EntrySize) {
    const high = view.getUint32(at);
    const low = view.getUint32(at + 4);
    if ((high | low) === 0) continue;
    const kind = l2KindOf(geometry, high, low);
    if (kind !== 'normal' && kind !== 'zero-alloc') continue;
    const cluster = clusterOf(subject, offsetOf(high, low));
    const refcount = head.hasDataFile ? 1 : refcounts.refcountOf(cluster);
    if (refcount === null || (refcount === 1) === isCopied(high)) continue;
    const finding = {
      kind: 'copied-flag-l2',
      message:
        `${isMending ? 'Repairing' : 'ERROR'} OFLAG_COPIED data cluster: l2_entry=${hexOfHalves(high, low)} ` +
        `refcount=${head.hasDataFile ? 1 : refcounts.textOf(cluster, refcount)}`,
      mendedBy: 'all',
      at: { hostOffset: offset + at, length: geometry.l2EntrySize },
      cluster,
      refcount,
    } as const;
    if (overlapped !== null) {
      log.line(finding.message);
      throw overlapFound(
        log,
        overlapped,
        'ERROR: Could not write L2 table; metadata overlap check failed: Input/output error',
      );
    }
    if (isMending && mender !== null) {
      mender.setL2Entry(offset + at, withFlag(high, low, refcount));
      log.mended('corruption', finding);
    } else {
      log.corruption(finding);
    }
  }
}

function withFlag(high: number, low: number, refcount: number): Uint8Array {
  const entry = new Uint8Array(8);
  const view = viewOf(entry);
  view.setUint32(0, (refcount === 1 ? high | 0x80000000 : high & 0x7fffffff) >>> 0);
  view.setUint32(4, low);
  return entry;
}

function readL2Table(pass: CheckPass, offset: number, table: Uint8Array): void {
  try {
    readBytes(pass.subject.storage, offset, table);
  } catch (error) {
    pass.log.checkError({
      kind: 'io-error',
      message: 'ERROR: Could not read L2 table: Input/output error',
      mendedBy: 'nothing',
    });
    throw new CheckAborted('Input/output error', { cause: error });
  }
}
