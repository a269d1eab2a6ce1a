import {
  FIRST_SCENARIO,
  type Crash,
  type CrashState,
  type ImageId,
  type PreparedScenario,
  type Recording,
  type Reopening,
  type Scenario,
} from '#protocol';
import type { Workbench } from '../../state/workbench.svelte.ts';
import { isCancelled } from '../../text/errors.ts';
import { epochAtCut, repairAct, workloadAct, type Act } from './act.ts';
import type { GuideFacts } from './guide.ts';
import type { LabPlace } from './lab-address.ts';
import { Latest } from './latest.ts';
import { newPlayer, seek, tick, togglePlay, withSpeed, type Speed } from './player.ts';
import { cutAtStop, stopOfCut } from './timeline-layout.ts';

/**
 * The lab's state: a scenario, the crashes made so far, and where the player stands in the trace on stage. The worker
 * answers everything from the scenario and the crashes, so this is also all that an address has to carry.
 */
export class Lab {
  scenario = $state.raw<Scenario>(FIRST_SCENARIO);
  imageId = $state.raw<ImageId | null>(null);
  crashes = $state.raw<readonly Crash[]>([]);
  recording = $state.raw<Recording | null>(null);
  /** What followed each crash that the image was opened after. */
  reopenings = $state.raw<readonly Reopening[]>([]);
  /** The latest answer and the crashes it was given for; it may lag behind the handle. */
  answer = $state.raw<{ readonly state: CrashState; readonly crashes: readonly Crash[] } | null>(null);
  player = $state.raw(newPlayer(0));
  error = $state.raw<unknown>(null);
  isRunning = $state(false);

  /** 0 is the workload, 1 the repair after the first crash, and so on. */
  readonly actIndex = $derived(this.reopenings.length);
  readonly isCut = $derived(this.crashes.length > this.actIndex);
  readonly acts = $derived<readonly Act[]>(
    this.recording === null ? [] : [workloadAct(this.recording), ...this.reopenings.map(repairAct)],
  );
  readonly act = $derived<Act | null>(this.acts.at(-1) ?? null);
  readonly stop = $derived(this.player.frame);
  readonly cut = $derived(this.act === null ? 0 : cutAtStop(this.act.columns, this.stop));
  readonly reopening = $derived<Reopening | null>(this.reopenings.at(-1) ?? null);
  readonly state = $derived(this.answer?.state ?? null);
  /**
   * The crashes that lead to the moment on stage. While the power is on, the last one is what a cut would leave at least
   * (workload) or what the repair has done so far.
   */
  readonly moment = $derived<readonly Crash[]>(
    this.isCut ? this.crashes : [...this.crashes, { cut: this.cut, persisted: this.actIndex === 0 ? 'none' : 'all' }],
  );
  readonly isSettled = $derived(this.answer?.crashes === this.moment);
  /** What the disk's cache holds at the cut on stage; null until the answer for this cut is there. */
  readonly atoms = $derived.by(() => {
    if (this.answer === null) return null;
    const { crashes, state } = this.answer;
    return crashes.length === this.moment.length && crashes.at(-1)?.cut === this.cut ? state.atoms : null;
  });

  readonly #workbench: Workbench;
  readonly #onSettled: (facts: GuideFacts) => void;
  readonly #states: Latest<readonly Crash[], CrashState>;
  /** Counts scenarios; an answer for an older one is dropped. */
  #run = 0;

  /** `onSettled` hears of every moment whose state has arrived. */
  constructor(workbench: Workbench, onSettled: (facts: GuideFacts) => void) {
    this.#workbench = workbench;
    this.#onSettled = onSettled;
    this.#states = new Latest((crashes) => this.#client.call('lab.crash', { ...this.request, crashes }));
  }

  get request() {
    return { scenario: this.scenario, imageId: this.imageId };
  }

  /** Where we are, for the address. */
  place(guide: number | null): LabPlace {
    const usual = this.actIndex === 0 ? this.player.frameCount : 0;
    const stop = this.isCut || this.stop === usual ? null : this.stop;
    return { ...this.request, crashes: this.crashes, isReopened: this.actIndex > 0 && !this.isCut, stop, guide };
  }

  /** Goes to a place: runs its scenario, crashes and reopens as often as it says. */
  async open(place: LabPlace): Promise<void> {
    await this.#attempt(async (isCurrent) => {
      await this.#record(place.scenario, place.imageId, isCurrent);
      const reopenedCount = place.isReopened ? place.crashes.length : Math.max(0, place.crashes.length - 1);
      for (let count = 1; count <= reopenedCount && isCurrent(); count++) {
        this.crashes = place.crashes.slice(0, count);
        await this.#reopen(isCurrent);
      }
      if (!isCurrent()) return;
      this.crashes = place.crashes;
      const last = place.crashes.at(-1);
      if (this.isCut && last !== undefined) this.player = seek(this.player, this.#stopOf(last.cut));
      else if (place.stop !== null) this.player = seek(this.player, place.stop);
    });
  }

  async openPrepared({ scenario, cutIn }: PreparedScenario): Promise<void> {
    await this.#attempt(async (isCurrent) => {
      await this.#record(scenario, null, isCurrent);
      const operation = this.recording?.operations[cutIn.operation];
      if (!isCurrent() || operation === undefined) return;
      const cut = Math.min(operation.begin + cutIn.eventInOperation, operation.end);
      this.crashes = [{ cut, persisted: 'none' }];
      this.player = seek(this.player, this.#stopOf(cut));
    });
  }

  /** Another workload, image, cache mode or disk: everything after it is void. */
  async setScenario(scenario: Scenario, imageId: ImageId | null = this.imageId): Promise<void> {
    await this.#attempt((isCurrent) => this.#record(scenario, imageId, isCurrent));
  }

  /** Moves the handle. With the power cut the cut moves, and what persisted stays as far as it is the same epoch. */
  moveTo(stop: number): void {
    const act = this.act;
    if (act === null) return;
    const cutBefore = this.cut;
    this.player = seek(this.player, stop);
    const cut = cutAtStop(act.columns, this.stop);
    if (this.isCut && cut !== cutBefore) {
      const { persisted } = this.crashes.at(-1)!;
      const isSameEpoch = epochAtCut(act.events, cut) === epochAtCut(act.events, cutBefore);
      this.#setLastCrash({ cut, persisted: isSameEpoch || persisted === 'all' ? persisted : 'none' });
    }
    void this.#refresh();
  }

  /** The power fails where the handle stands. */
  pullPlug(): void {
    if (this.isCut || this.act === null) return;
    this.player = seek(this.player, this.stop);
    this.crashes = [...this.crashes, { cut: this.cut, persisted: 'none' }];
    void this.#refresh();
  }

  restorePower(): void {
    if (!this.isCut) return;
    this.crashes = this.crashes.slice(0, -1);
    void this.#refresh();
  }

  setPersisted(persisted: Crash['persisted']): void {
    if (!this.isCut) return;
    this.#setLastCrash({ cut: this.cut, persisted });
    void this.#refresh();
  }

  /** Opens the crash image for writing, as a virtual machine would at its next start. */
  async reopen(): Promise<void> {
    if (!this.isCut) return;
    await this.#attempt((isCurrent) => this.#reopen(isCurrent));
  }

  /** Back to an earlier trace, with its crash as it was. */
  backTo(actIndex: number): void {
    if (actIndex >= this.actIndex) return;
    this.reopenings = this.reopenings.slice(0, actIndex);
    this.crashes = this.crashes.slice(0, actIndex + 1);
    this.player = newPlayer(this.act?.columns.length ?? 0, this.player.speed);
    this.player = seek(this.player, this.#stopOf(this.crashes.at(-1)?.cut ?? 0));
    void this.#refresh();
  }

  togglePlay(): void {
    if (!this.isCut) this.player = togglePlay(this.player);
  }

  tick(): void {
    this.player = tick(this.player);
    void this.#refresh();
  }

  setSpeed(speed: Speed): void {
    this.player = withSpeed(this.player, speed);
  }

  get #client() {
    return this.#workbench.engine.client;
  }

  #stopOf(cut: number): number {
    return this.act === null ? 0 : stopOfCut(this.act.columns, cut);
  }

  #setLastCrash(crash: Crash): void {
    this.crashes = [...this.crashes.slice(0, -1), crash];
  }

  async #record(scenario: Scenario, imageId: ImageId | null, isCurrent: () => boolean): Promise<void> {
    this.scenario = scenario;
    this.imageId = imageId;
    const recording = await this.#client.call('lab.run', { scenario, imageId });
    if (!isCurrent()) return;
    this.recording = recording;
    this.reopenings = [];
    this.crashes = [];
    this.#setStage();
  }

  async #reopen(isCurrent: () => boolean): Promise<void> {
    const reopening = await this.#client.call('lab.reopen', { ...this.request, crashes: this.crashes });
    if (!isCurrent()) return;
    this.reopenings = [...this.reopenings, reopening];
    this.#setStage();
  }

  /** A new trace is on stage: the workload shows its end, a repair its beginning. */
  #setStage(): void {
    const frameCount = this.act?.columns.length ?? 0;
    this.player = newPlayer(frameCount, this.player.speed);
    if (this.actIndex === 0) this.player = seek(this.player, frameCount);
  }

  /** Runs something that replaces what is on stage; only the newest such thing may change it. */
  async #attempt(work: (isCurrent: () => boolean) => Promise<void>): Promise<void> {
    const run = ++this.#run;
    const isCurrent = () => run === this.#run;
    this.error = null;
    this.isRunning = true;
    try {
      await work(isCurrent);
      if (isCurrent()) await this.#refresh();
    } catch (error) {
      if (isCurrent() && !isCancelled(error)) this.error = error;
    } finally {
      if (isCurrent()) this.isRunning = false;
    }
  }

  async #refresh(): Promise<void> {
    const crashes = this.moment;
    const run = this.#run;
    try {
      const state = await this.#states.ask(crashes);
      if (state === null || run !== this.#run) return;
      this.answer = { state, crashes };
      if (this.isSettled) this.#onSettled(this.#facts(state));
    } catch (error) {
      if (run === this.#run && !isCancelled(error)) this.error = error;
    }
  }

  #facts({ atoms }: CrashState): GuideFacts {
    return {
      isCut: this.isCut,
      cut: this.cut,
      actIndex: this.actIndex,
      isAtEnd: this.stop >= this.player.frameCount,
      kept: atoms.filter((atom) => atom.isPersisted).map((atom) => atom.use),
      lost: atoms.filter((atom) => !atom.isPersisted).map((atom) => atom.use),
    };
  }
}
