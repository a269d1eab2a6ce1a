import type {
  CheckOutcome,
  ClusterMap,
  ImageId,
  ImageOverview,
  ImageRefusal,
  Progress,
  RepairMode,
  RepairPreview,
  RepairResult,
} from '#protocol';
import { errorCode, isCancelled } from '../text/errors.ts';
import { localHandle } from './local-handles.ts';
import type { Workbench } from './workbench.svelte.ts';

export interface GuestMap {
  readonly use: Uint8Array;
  readonly virtualSize: number;
}

const GUEST_BUCKETS = 2048;

/** One image as the page knows it: each part is asked for when it is first shown. */
export class ImageState {
  readonly id: ImageId;
  overview = $state.raw<ImageOverview | null>(null);
  /** Why the file cannot be opened as an image; without it, it can, or could not even be read. */
  refusal = $state.raw<ImageRefusal | null>(null);
  map = $state.raw<ClusterMap | null>(null);
  guestMap = $state.raw<GuestMap | null>(null);
  check = $state.raw<CheckOutcome | null>(null);
  plan = $state.raw<RepairPreview | null>(null);
  /** How many steps of the plan are applied already. */
  appliedSteps = $state(0);
  /** What the last repair did; its plan can be undone as long as it is here. */
  repair = $state.raw<{ readonly planId: string; readonly result: RepairResult } | null>(null);
  /** What went wrong with the part that is on screen. */
  error = $state.raw<unknown>(null);
  /** Why the guest's disk has no map; all else can be looked at without it. */
  guestMapError = $state.raw<unknown>(null);
  /** Progress of what is being asked for, by part. */
  busy = $state.raw<Readonly<Partial<Record<Part, Progress | null>>>>({});
  /** Counts changes of the bytes; whatever shows bytes asks again when it moves. */
  revision = $state(0);
  // Nothing is shown of what is asked for and on its way.
  /* eslint-disable svelte/prefer-svelte-reactivity */
  /** The parts that somebody wants to see, whether they could be had or not. */
  readonly #asked = new Set<Part>();
  readonly #reading = new Map<Part, Promise<void>>();
  /* eslint-enable svelte/prefer-svelte-reactivity */
  readonly #workbench: Workbench;

  constructor(id: ImageId, workbench: Workbench) {
    this.id = id;
    this.#workbench = workbench;
  }

  get name(): string {
    return (
      this.overview?.name ??
      this.refusal?.name ??
      this.#workbench.library.entry(this.id)?.name ??
      this.id.replace(/^\w+:/, '')
    );
  }

  /** Null until the image, or why it cannot be opened, is known. */
  get unsavedChanges(): number | null {
    return (this.overview ?? this.refusal)?.unsavedChanges ?? null;
  }

  async loadOverview(): Promise<void> {
    await this.#read('overview', null, async () => {
      try {
        this.overview = await this.#client.call('image.overview', { id: this.id });
        this.refusal = null;
        this.#workbench.library.noteUse(this.id);
      } catch (error) {
        // What was known of it is true no more.
        if (errorCode(error) === 'not-found') this.overview = this.refusal = null;
        else this.refusal = await this.#client.call('image.refusal', { id: this.id });
        if (this.refusal !== null) this.overview = null;
        throw error;
      }
    });
  }

  /** Asks for what is not known yet. What cannot be opened is checked once it can. */
  async look(): Promise<void> {
    this.#asked.add('check');
    // A file that was missing may have been opened since.
    if (this.overview === null || this.overview.dataFile?.file === null) await this.loadOverview();
    if (this.overview !== null && this.check === null) await this.runCheck();
  }

  /** Looks anew, and checks what can be opened now. */
  async lookAgain(): Promise<void> {
    this.check = null;
    await this.loadOverview();
    if (this.overview !== null && this.check === null) await this.runCheck();
  }

  async loadMap(): Promise<void> {
    await this.#read('map', `Mapping ${this.name}`, async (options) => {
      this.map = await this.#client.call('image.map', { id: this.id }, options);
    });
  }

  async loadGuestMap(): Promise<void> {
    await this.#read('guest-map', null, async (options) => {
      this.guestMap = await this.#client.call('image.guestMap', { id: this.id, buckets: GUEST_BUCKETS }, options);
    });
  }

  async runCheck(): Promise<void> {
    await this.#read('check', `Checking ${this.name}`, async (options) => {
      this.check = await this.#client.call('image.check', { id: this.id }, options);
    });
  }

  async planRepair(mode: RepairMode): Promise<void> {
    await this.#load('plan', `Planning the repair of ${this.name}`, async (options) => {
      this.plan = await this.#client.call('image.planRepair', { id: this.id, mode }, options);
      this.appliedSteps = 0;
      this.repair = null;
    });
  }

  dropPlan(): void {
    this.plan = null;
  }

  /** Applies the steps of the plan up to `stepCount`, all when null. */
  async applyRepair(stepCount: number | null): Promise<void> {
    const plan = this.plan;
    if (plan === null) return;
    await this.#load('repair', `Repairing ${this.name}`, async (options) => {
      const result = await this.#client.call('image.applyRepair', { planId: plan.planId, stepCount }, options);
      this.repair = { planId: plan.planId, result };
      this.#bytesChanged(result.after, result.mapAfter);
      if (stepCount === null || stepCount >= plan.steps.length) return;
      // The rest of the plan stays valid: it goes on where this stopped.
      this.plan = plan;
      this.appliedSteps = stepCount;
    });
  }

  async undoRepair(): Promise<void> {
    const repair = this.repair;
    if (repair === null) return;
    await this.#load('repair', `Undoing the repair of ${this.name}`, async (options) => {
      const outcome = await this.#client.call('image.undoRepair', { planId: repair.planId }, options);
      this.repair = null;
      this.#bytesChanged(outcome, repair.result.mapBefore);
    });
  }

  async discardChanges(): Promise<void> {
    await this.#load('save', null, async () => {
      this.repair = null;
      try {
        this.overview = await this.#client.call('image.discardChanges', { id: this.id });
      } finally {
        // Also where it failed: the changes may be gone, and what is left be no image that can be opened.
        this.#bytesChanged(null, null);
      }
    });
  }

  /** Writes the changes of a local file into the file itself. Call it from a click: permission is asked for. */
  async save(): Promise<void> {
    await this.#load('save', `Saving ${this.name}`, async (options) => {
      const handle = await localHandle(this.id);
      if (handle !== null && (await handle.requestPermission({ mode: 'readwrite' })) !== 'granted') {
        throw new DOMException('Permission to write the file was not given.', 'NotAllowedError');
      }
      this.overview = await this.#client.call('image.save', { id: this.id }, options);
      this.repair = null;
      this.#workbench.otherTabs.tell([this.id]);
      void this.#workbench.library.refresh();
    });
  }

  /** Rejects where the passphrase is wrong, for whoever asked for it. */
  async unlock(passphrase: string, options: LoadOptions): Promise<void> {
    this.overview = await this.#client.call('image.unlock', { id: this.id, passphrase }, options);
    this.revision++;
  }

  async lock(): Promise<void> {
    await this.#load('overview', null, async () => {
      this.overview = await this.#client.call('image.lock', { id: this.id });
      this.revision++;
    });
  }

  /** Writes what was typed to the guest's disk. */
  async writeGuest(at: number, bytes: Uint8Array): Promise<void> {
    this.overview = await this.#client.call('image.write', { id: this.id, at, bytes });
    this.repair = null;
    this.#bytesChanged(null, null);
    const data = this.overview.dataFile?.file ?? null;
    if (data === null) return;
    this.#workbench.images.reload([data.id]);
    this.#workbench.otherTabs.tell([data.id]);
  }

  async grantDataFile(dataFile: ImageId): Promise<void> {
    await this.#load('overview', null, async () => {
      this.overview = await this.#client.call('image.grantDataFile', { id: this.id, dataFile });
      this.guestMap = null;
      this.revision++;
    });
  }

  async grantBacking(linkIndex: number, backing: ImageId): Promise<void> {
    await this.#load('overview', null, async () => {
      this.overview = await this.#client.call('image.grantBacking', { id: this.id, linkIndex, backing });
      this.guestMap = null;
      this.revision++;
    });
  }

  /** The bytes were changed by somebody else: whatever was known is asked for again. */
  reload(): void {
    this.repair = null;
    this.#forgetBytes();
    if (this.#asked.has('check')) void this.lookAgain();
  }

  #bytesChanged(check: CheckOutcome | null, map: ClusterMap | null): void {
    this.#forgetBytes(check, map);
    if (check === null) void this.runCheck();
    void this.#workbench.library.refresh();
    this.#workbench.otherTabs.tell([this.id]);
  }

  #forgetBytes(check: CheckOutcome | null = null, map: ClusterMap | null = null): void {
    this.check = check;
    this.map = map;
    this.guestMap = null;
    this.plan = null;
    this.revision++;
    if (map === null && this.#asked.has('map')) void this.loadMap();
    if (this.#asked.has('guest-map')) void this.loadGuestMap();
    void this.loadOverview();
  }

  get #client() {
    return this.#workbench.engine.client;
  }

  /**
   * Asks for a part of what the bytes hold, and again where they changed before the answer came. What was asked for once
   * is asked for after every change, unless it was cancelled.
   */
  #read(part: Part, title: string | null, ask: (options: LoadOptions) => Promise<void>): Promise<void> {
    this.#asked.add(part);
    const readUntilFresh = async () => {
      let revision: number;
      do {
        revision = this.revision;
        await this.#load(part, title, ask);
      } while (revision !== this.revision && this.#asked.has(part));
      this.#reading.delete(part);
    };
    const reading = this.#reading.get(part) ?? readUntilFresh();
    this.#reading.set(part, reading);
    return reading;
  }

  /** Runs one part's work once at a time, as an activity when it has a title, and keeps its error for the view. */
  async #load(part: Part, title: string | null, work: (options: LoadOptions) => Promise<void>): Promise<void> {
    if (part in this.busy) return;
    this.#setError(part, null);
    this.#setBusy(part, null);
    const noteProgress = (progress: Progress) => this.#setBusy(part, progress);
    try {
      if (title === null) await work({ onProgress: noteProgress });
      else {
        await this.#workbench.activities.run(title, ({ signal, onProgress }) =>
          work({
            signal,
            onProgress: (progress) => {
              onProgress(progress);
              noteProgress(progress);
            },
          }),
        );
      }
    } catch (error) {
      if (isCancelled(error)) this.#asked.delete(part);
      else this.#setError(part, error);
    } finally {
      this.busy = Object.fromEntries(Object.entries(this.busy).filter(([name]) => name !== part));
    }
  }

  #setError(part: Part, error: unknown): void {
    if (part === 'guest-map') this.guestMapError = error;
    else this.error = error;
  }

  #setBusy(part: Part, progress: Progress | null): void {
    this.busy = { ...this.busy, [part]: progress };
  }
}

export type Part = 'overview' | 'map' | 'guest-map' | 'check' | 'plan' | 'repair' | 'save';

interface LoadOptions {
  readonly signal?: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}
