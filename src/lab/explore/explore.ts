import type { LongTask, Progress, Storage } from '#engine';
import { isDataAtom, promiseCut } from '../crash/crash-point.ts';
import { CRASH_VERDICTS, type CrashVerdict } from '../crash-state.ts';
import type { Atom } from '../disk/atoms.ts';
import { CrashMedia } from '../disk/crash-media.ts';
import type { EpochSummary, Exploration, Violation } from '../exploration.ts';
import { judgeSectors } from '../guest/guest-view.ts';
import type { ScenarioRun } from '../run/run-scenario.ts';
import type { Crash } from '../scenario.ts';
import type { Trace } from '../trace/trace.ts';
import { statesOf } from './enumerate.ts';
import { fingerprintAfter, sectorsOfAtoms, type Fingerprint } from './fingerprint.ts';
import { INVARIANTS, judgeRepairState, judgeState, type BrokenInvariant, type StateJudgement } from './invariants.ts';
import { leakBound, refcountChangesOf, type RefcountChanges } from './leak-bound.ts';
import { segmentsOf, type Fingerprints, type Segment } from './segments.ts';

export interface ExploreOptions {
  /** More metadata states of one epoch than this are sampled. */
  readonly statesMax?: number;
  /** The same for the epochs of a repair. */
  readonly repairStatesMax?: number;
  /** How many crashes during repairs may follow the first crash. */
  readonly repairDepth?: number;
  readonly violationsMax?: number;
  readonly seed?: number;
}

/**
 * Puts the image into every state that a power cut during the run can leave, opens each with the real engine, and judges
 * it; then does the same with the repairs that this caused.
 */
export function explore(run: ScenarioRun, options: ExploreOptions = {}): LongTask<Exploration> {
  return new Explorer(run, options).run();
}

class Explorer {
  readonly #run: ScenarioRun;
  readonly #options: Required<ExploreOptions>;
  readonly #images = new Set<Fingerprint>();
  /** Metadata of states whose repair was explored, and of states inside repairs. */
  readonly #repairs = new Set<Fingerprint>();
  readonly #repairStatesSeen = new Set<Fingerprint>();
  readonly #refcountChanges: RefcountChanges;
  readonly #violations: Violation[] = [];
  #violationCount = 0;
  #repairStates = 0;
  #done = 0;

  constructor(run: ScenarioRun, options: ExploreOptions) {
    this.#run = run;
    this.#refcountChanges = refcountChangesOf(run);
    this.#options = { statesMax: 4096, repairStatesMax: 128, repairDepth: 1, violationsMax: 20, seed: 1, ...options };
  }

  *run(): LongTask<Exploration> {
    const { trace, scenario } = this.#run;
    const { statesMax } = this.#options;
    const epochs: EpochSummary[] = [];
    let statesChecked = 0;
    for (const segment of segmentsOf(trace, { fingerprint: 0, metadata: 0 }, scenario.disk)) {
      const verdicts = CRASH_VERDICTS.map(() => 0);
      const guestCut = promiseCut(trace, segment.end, scenario.disk);
      const leaksMax = leakBound(this.#run, this.#refcountChanges, guestCut);
      for (const state of this.#states(trace, segment, statesMax)) {
        const judgement = judgeState({ run: this.#run, media: state.media, guestCut, leaksMax });
        const crashes = [state.crash];
        this.#noteBroken(judgement.broken, crashes);
        let verdict: CrashVerdict = judgement.verdict;
        if (yield* this.#exploreRepair(judgement, state, crashes, guestCut)) verdict = 'violation';
        verdicts[CRASH_VERDICTS.indexOf(verdict)]!++;
        statesChecked++;
        this.#done = segment.end;
        yield this.#progress();
      }
      epochs.push({
        epoch: epochs.length,
        begin: segment.begin,
        end: segment.end,
        atomCount: segment.atoms.length,
        verdicts,
        isExhaustive: segment.isExhaustive,
      });
    }
    return {
      epochs,
      statesChecked,
      distinctImages: this.#images.size,
      repairStatesChecked: this.#repairStates,
      violations: this.#violations,
      violationCount: this.#violationCount,
    };
  }

  /**
   * Crashes inside the repair that `first` recorded: every state must open again and end where the undisturbed repair
   * ends. Returns whether one of them does not.
   */
  *#exploreRepair(
    first: StateJudgement,
    from: MediaState,
    crashes: readonly Crash[],
    guestCut: number,
  ): LongTask<boolean> {
    const { trace, image } = first.opened;
    if (image === null || trace.events.length === 0 || crashes.length > this.#options.repairDepth) return false;
    // Repairs read metadata only: where that is equal they run alike, whatever the guest's data is.
    if (this.#repairs.has(from.metadata)) return false;
    this.#repairs.add(from.metadata);
    const { repairStatesMax } = this.#options;
    const countBefore = this.#violationCount;
    const goal = this.#guestContent(first, guestCut);
    for (const segment of segmentsOf(trace, from, this.#run.scenario.disk)) {
      for (const state of this.#states(trace, segment, repairStatesMax)) {
        if (this.#repairStatesSeen.has(state.metadata)) continue;
        this.#repairStatesSeen.add(state.metadata);
        this.#repairStates++;
        const judgement = judgeRepairState({ run: this.#run, media: state.media });
        const path = [...crashes, state.crash];
        const broken = judgement.broken.map((b) => ({ ...b, sentence: `During the repair: ${b.sentence}` }));
        if (judgement.opened.image !== null && this.#guestContent(judgement, guestCut) !== goal) {
          broken.push({ invariant: 'I16', sentence: 'The guest finds other data than without the second crash.' });
        }
        this.#noteBroken(broken, path);
        yield* this.#exploreRepair(judgement, state, path, guestCut);
        yield this.#progress();
      }
    }
    return this.#violationCount > countBefore;
  }

  *#states(trace: Trace, segment: Segment, statesMax: number): Generator<MediaState> {
    const isData = (atom: Atom) => isDataAtom(atom, trace);
    const { seed } = this.#options;
    const space = statesOf(segment.atoms, { disk: this.#run.scenario.disk, isData, statesMax, seed });
    segment.isExhaustive = space.isExhaustive;
    const touched = sectorsOfAtoms(segment.atoms);
    const touchedMetadata = sectorsOfAtoms(segment.atoms.filter((atom) => !isData(atom)));
    for (const media of space.visit(new CrashMedia(segment.durable, segment.atoms))) {
      const fingerprint = fingerprintAfter(segment.fingerprint, touched, segment.durable, media);
      const metadata = fingerprintAfter(segment.metadata, touchedMetadata, segment.durable, media);
      this.#images.add(fingerprint);
      const persisted = segment.atoms.flatMap((_atom, index) => (media.isPersisted(index) ? [index] : []));
      yield { media, fingerprint, metadata, crash: { cut: segment.end, persisted } };
    }
  }

  #progress(): Progress {
    return { phase: 'explore', done: this.#done, total: this.#run.trace.events.length };
  }

  #noteBroken(broken: readonly BrokenInvariant[], crashes: readonly Crash[]): void {
    this.#violationCount += broken.length;
    for (const { invariant, sentence } of broken) {
      if (this.#violations.length >= this.#options.violationsMax) return;
      this.#violations.push({ invariant: `${invariant} ${INVARIANTS[invariant]}`, sentence, crashes });
    }
  }

  /** Everything the guest can read of what it wrote, as one text to compare. */
  #guestContent({ opened }: StateJudgement, guestCut: number): string {
    let text = '';
    for (const { status, sector, bytes } of judgeSectors(this.#run, opened.image!, guestCut)) {
      text += `${sector} ${status} ${bytes.subarray(0, 32).toString()};`;
    }
    return text;
  }
}

interface MediaState extends Fingerprints {
  readonly media: Storage;
  readonly crash: Crash;
}
