import {
  checkImage,
  closeImage,
  drain,
  flushImage,
  isEngineError,
  openImage,
  writeAt,
  type CheckReport,
  type Image,
  type Storage,
} from '#engine';
import { reopenRecorded, type RecordedOpen } from '../crash/crash-point.ts';
import type { CrashVerdict } from '../crash-state.ts';
import { ScratchStorage } from '../disk/scratch-storage.ts';
import { judgeSectors } from '../guest/guest-view.ts';
import { SECTOR, writtenBytes } from '../guest/sector-content.ts';
import type { ScenarioRun } from '../run/run-scenario.ts';

/** What must hold for every crash state, with the words in which a broken one is reported. */
export const INVARIANTS = {
  I1: 'the metadata can be read',
  I2: 'clean means clean',
  I3: 'leaks are bounded',
  I4: 'only lazy refcounts leave the dirty bit set',
  I5: 'a crash never marks the image corrupt',
  I6: 'the image opens for writing',
  I7: 'after the repair refcounts, flags and dirty bit are right',
  I8: 'acknowledged data is there',
  I9: 'no foreign data',
  I13: 'the virtual size is unchanged',
  I14: 'reading changes nothing',
  I15: 'a second repair changes nothing',
  I16: 'a crash during the repair leads to the same end',
} as const;
export type Invariant = keyof typeof INVARIANTS;

export interface BrokenInvariant {
  readonly invariant: Invariant;
  readonly sentence: string;
}

export interface StateJudgement {
  readonly verdict: CrashVerdict;
  readonly broken: readonly BrokenInvariant[];
  /** How the engine opened the state, for exploring crashes inside its repair. */
  readonly opened: RecordedOpen;
}

export interface StateToJudge {
  readonly run: ScenarioRun;
  readonly media: Storage;
  /** Cut of the first crash, which decides what had been promised. */
  readonly guestCut: number;
  /** Clusters that can be lost at most. */
  readonly leaksMax: number;
}

/** Judges one crash state with the real engine: as it lies there, read-only, opened and repaired, and used on. */
export function judgeState(state: StateToJudge): StateJudgement {
  const broken: BrokenInvariant[] = [];
  const report = (invariant: Invariant, sentence: string) => broken.push({ invariant, sentence });
  const check = drain(checkImage(state.media));
  judgeRawImage(state, check, report);
  judgeReadOnly(state, report);
  const opened = reopenRecorded(state.run, state.media);
  if (opened.image === null) report('I6', `Opening fails: ${opened.refusal?.message}`);
  else judgeOpened(state, check, opened, opened.image, report);
  return { verdict: verdictOf(check, broken), broken, opened };
}

/**
 * Judges a state that a crash inside a repair left: it must open, and be sound then. What the guest finds is compared
 * with the undisturbed repair by the caller.
 */
export function judgeRepairState({ run, media }: Pick<StateToJudge, 'run' | 'media'>): StateJudgement {
  const broken: BrokenInvariant[] = [];
  const report = (invariant: Invariant, sentence: string) => broken.push({ invariant, sentence });
  const check = drain(checkImage(media));
  judgeRawImage({ run, leaksMax: Infinity }, check, report);
  const opened = reopenRecorded(run, media);
  if (opened.image === null) report('I6', `Opening fails: ${opened.refusal?.message}`);
  else judgeSound(opened.recorder, check.isDirty ? 0 : check.counters.leaks, 'after the second repair', report);
  return { verdict: verdictOf(check, broken), broken, opened };
}

type Report = (invariant: Invariant, sentence: string) => void;

function judgeRawImage(
  { run, leaksMax }: Pick<StateToJudge, 'run' | 'leaksMax'>,
  check: CheckReport,
  report: Report,
): void {
  const { corruptions, leaks, checkErrors } = check.counters;
  if (checkErrors > 0 || check.aborted !== null) report('I1', `The check fails: ${check.aborted ?? check.messages[0]}`);
  if (!check.isDirty && corruptions > 0) {
    report('I2', `The dirty bit is clear, but the check finds ${corruptions} corruptions: ${check.messages[0]}`);
  }
  if (!check.isDirty && leaks > leaksMax) report('I3', `${leaks} clusters are lost; ${leaksMax} were in flight.`);
  if (check.isDirty && !run.scenario.image.lazyRefcounts) report('I4', 'The dirty bit is set without lazy refcounts.');
  if (check.isMarkedCorrupt) report('I5', 'The corrupt bit is set.');
}

/** The media refuse writes, so that a read-only open which wrote would fail here (I14). */
function judgeReadOnly({ run, media, guestCut }: StateToJudge, report: Report): void {
  try {
    judgeGuest(run, openImage(media, { backing: run.backing }), guestCut, 'before the repair', report);
  } catch (error) {
    if (!isEngineError(error)) throw error;
    report(error.code === 'read-only' ? 'I14' : 'I1', `Opening read-only fails: ${error.message}`);
  }
}

function judgeOpened(
  { run, guestCut, leaksMax: leaksInFlight }: StateToJudge,
  before: CheckReport,
  { recorder }: RecordedOpen,
  image: Image,
  report: Report,
): void {
  judgeGuest(run, image, guestCut, 'after the repair', report);
  if (image.virtualSize !== run.original.virtualSize) report('I13', `The virtual size is ${image.virtualSize}.`);

  // A lost cluster behind the end of the file is not counted before the file grows over it.
  const leaksMax = before.isDirty ? 0 : leaksInFlight;
  judgeSound(recorder, leaksMax, 'after the repair', report);

  const second = reopenRecorded(run, new ScratchStorage(recorder));
  if (second.trace.events.length > 0) report('I15', `Opening again writes ${second.trace.events.length} times.`);

  // Used on: an allocating write must not disturb anything, and a clean close must leave the image clean. It happens in
  // a layer of its own, so that the recorded repair stays what it is.
  const used = reopenRecorded(run, new ScratchStorage(recorder));
  if (used.image === null) return report('I6', `Opening again fails: ${used.refusal?.message}`);
  try {
    useOn(run, used.image);
    judgeGuest(run, used.image, guestCut, 'after another write', report);
    closeImage(used.image);
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return report('I7', `The image cannot be used on: ${error.message}`);
  }
  judgeSound(used.recorder, leaksMax, 'after another write and a clean close', report);
}

function judgeSound(storage: Storage, leaksMax: number, when: string, report: Report): void {
  const check = drain(checkImage(storage));
  const { corruptions, leaks, checkErrors } = check.counters;
  if (corruptions > 0 || checkErrors > 0 || check.aborted !== null) {
    report('I7', `${corruptions} corruptions, ${checkErrors} check errors ${when}: ${check.messages[0]}`);
  }
  if (leaks > leaksMax) report('I7', `${leaks} leaked clusters ${when}, ${leaksMax} before.`);
  if (check.isDirty) report('I7', `The dirty bit is set ${when}.`);
}

function judgeGuest(run: ScenarioRun, image: Image, guestCut: number, when: string, report: Report): void {
  for (const { sector, status } of judgeSectors(run, image, guestCut)) {
    if (status === 'acked-lost') report('I8', `Guest sector ${sector} is lost ${when}.`);
    if (status === 'foreign') report('I9', `Guest sector ${sector} holds foreign bytes ${when}.`);
  }
}

/** Writes the last cluster of the disk that the scenario leaves alone. */
function useOn(run: ScenarioRun, image: Image): void {
  const { clusterSize } = image.geometry;
  let at = image.virtualSize - (image.virtualSize % clusterSize || clusterSize);
  const isTouched = () =>
    run.model.sectors.some((sector) => sector * SECTOR >= at && sector * SECTOR < at + clusterSize);
  while (at > 0 && isTouched()) at -= clusterSize;
  const length = Math.min(clusterSize, image.virtualSize - at);
  if (!isTouched()) writeAt(image, at, writtenBytes({ kind: 'operation', operation: 9998 }, at, length));
  flushImage(image);
}

function verdictOf(check: CheckReport, broken: readonly BrokenInvariant[]): CrashVerdict {
  if (broken.length > 0) return 'violation';
  if (check.isDirty) return 'repair';
  return check.counters.leaks > 0 ? 'leaks' : 'safe';
}
