import type { Storage } from '#engine';
import { isDataPurpose } from '../crash/crash-point.ts';
import { atomsOf, type Atom } from '../disk/atoms.ts';
import { ScratchStorage } from '../disk/scratch-storage.ts';
import type { DiskModel } from '../scenario.ts';
import { replay, type Trace } from '../trace/trace.ts';
import { fingerprintAfter, sectorsOfEvents, type Fingerprint } from './fingerprint.ts';

export interface Fingerprints {
  readonly fingerprint: Fingerprint;
  /** Without the guest's data. */
  readonly metadata: Fingerprint;
}

/** The part of a trace that is open when power fails at `end`. */
export interface Segment extends Fingerprints {
  readonly begin: number;
  readonly end: number;
  readonly durable: Storage;
  readonly atoms: readonly Atom[];
  isExhaustive: boolean;
}

/**
 * One segment for each epoch, and an empty one at the end. A crash earlier in an epoch leaves a state that is among
 * those of its end; acknowledgements only grow, so the end demands most. Without a volatile cache each event is a
 * segment of its own.
 */
export function* segmentsOf(trace: Trace, base: Fingerprints, disk: DiskModel): Generator<Segment> {
  const { events } = trace;
  const durable = new ScratchStorage(trace.base);
  let { fingerprint, metadata } = base;
  for (let begin = 0; ;) {
    const end = endOfSegment(trace, begin, disk);
    const atoms = atomsOf(events.slice(begin, end), begin, durable, disk);
    yield { begin, end, durable, atoms, fingerprint, metadata, isExhaustive: true };
    if (end === events.length) return;
    const done = events.slice(begin, end);
    const after = new ScratchStorage(durable);
    for (const event of done) replay(event, after);
    fingerprint = fingerprintAfter(fingerprint, sectorsOfEvents(done), durable, after);
    const metadataEvents = done.filter((event) => !isDataPurpose(event.purpose));
    metadata = fingerprintAfter(metadata, sectorsOfEvents(metadataEvents), durable, after);
    for (const event of done) replay(event, durable);
    begin = end === begin || events[end]?.kind === 'flush' ? end + 1 : end;
  }
}

function endOfSegment({ events }: Trace, begin: number, disk: DiskModel): number {
  const flush = events.findIndex((event, seq) => seq >= begin && event.kind === 'flush');
  const end = flush < 0 ? events.length : flush;
  return disk.cache === 'write-through' ? Math.min(begin + 1, end) : end;
}
