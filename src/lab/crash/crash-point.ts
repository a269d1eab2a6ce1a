import { isEngineError, openImage, type EngineError, type Image, type Purpose, type Storage } from '#engine';
import { openEpochAt, type Atom, type OpenEpoch } from '../disk/atoms.ts';
import { CrashMedia, persistedFlags } from '../disk/crash-media.ts';
import { ScratchStorage } from '../disk/scratch-storage.ts';
import { isIssued } from '../guest/guest-model.ts';
import type { ScenarioRun } from '../run/run-scenario.ts';
import type { Crash, DiskModel } from '../scenario.ts';
import { RecordingStorage } from '../trace/recording-storage.ts';
import { useOf } from '../trace/structures.ts';
import type { Trace } from '../trace/trace.ts';

/** Where power failed: in the run, or in the repair that followed an earlier crash. */
export interface CrashPoint {
  readonly run: ScenarioRun;
  /** The trace that was cut. */
  readonly trace: Trace;
  readonly cut: number;
  /** Cut of the first crash: what the guest had been promised by then. */
  readonly guestCut: number;
  /** Crashes before this one. */
  readonly depth: number;
  readonly epoch: OpenEpoch;
  readonly media: CrashMedia;
}

/** The image as the last of `crashes` leaves it; without any, as it is when nothing is lost at the end. */
export function crashPointOf(run: ScenarioRun, crashes: readonly Crash[]): CrashPoint {
  const [first = { cut: run.trace.events.length, persisted: 'all' } as const, ...further] = crashes;
  const firstCut = Math.max(0, Math.min(first.cut, run.trace.events.length));
  const guestCut = promiseCut(run.trace, firstCut, run.scenario.disk);
  let point = cutTrace(run, run.trace, first, guestCut, 0);
  for (const crash of further) {
    const { trace } = reopenRecorded(run, point.media);
    point = cutTrace(run, trace, crash, point.guestCut, point.depth + 1);
  }
  return point;
}

/** Power fails in `trace` as `crash` says. */
export function cutTrace(run: ScenarioRun, trace: Trace, crash: Crash, guestCut: number, depth: number): CrashPoint {
  const cut = Math.max(0, Math.min(crash.cut, trace.events.length));
  const epoch = openEpochAt(trace, cut, run.scenario.disk);
  const media = new CrashMedia(epoch.durable, epoch.atoms);
  persistedFlags(crash.persisted, epoch.atoms.length, run.scenario.disk.order).forEach((flag, index) =>
    media.setPersisted(index, flag),
  );
  return { run, trace, cut, guestCut, depth, epoch, media };
}

/**
 * Up to which moment acknowledgements count when power fails after `cut` events. Without a volatile cache the last
 * event is still under way, and what waits for it is not acknowledged yet.
 */
export function promiseCut({ events }: Trace, cut: number, disk: DiskModel): number {
  const isUnderWay = disk.cache === 'write-through' && cut > 0 && events[cut - 1]!.kind !== 'flush';
  return isUnderWay ? cut - 0.5 : cut;
}

export interface RecordedOpen {
  readonly recorder: RecordingStorage;
  /** What the engine did to the media: its repair. */
  readonly trace: Trace;
  /** Null when the engine refused. */
  readonly image: Image | null;
  readonly refusal: EngineError | null;
}

/** Opens `media` for writing as the scenario does, on a copy, and records what the engine does to it. */
export function reopenRecorded({ scenario, backing }: ScenarioRun, media: Storage): RecordedOpen {
  const recorder = new RecordingStorage(new ScratchStorage(media));
  recorder.recordsReads = true;
  const opened = { recorder, trace: { base: media, events: recorder.events } };
  const { cacheMode, image } = scenario;
  try {
    const options = { writable: true, cacheMode, lazyRefcounts: image.lazyRefcounts, backing };
    return { ...opened, image: openImage(recorder, options), refusal: null };
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return { ...opened, image: null, refusal: error };
  }
}

/** The last operation acknowledged at the cut, and the one that it interrupts. */
export function operationsAt({ operations }: ScenarioRun, cut: number) {
  const acked = operations.findLastIndex((o) => o.end <= cut && isIssued(o, cut));
  const interrupted = operations.findIndex((o) => o.begin < cut && cut < o.end);
  return { acked: acked < 0 ? null : acked, interrupted: interrupted < 0 ? null : interrupted };
}

/** Guest data, or the room for it; holes are in freed data clusters. */
export function isDataAtom(atom: Atom, { events }: Trace): boolean {
  return atom.kind !== 'size' && isDataPurpose(events[atom.event]!.purpose);
}

export function isDataPurpose(purpose: Purpose): boolean {
  const use = useOf(purpose);
  return use === 'data' || use === 'compressed' || purpose === 'discard';
}
