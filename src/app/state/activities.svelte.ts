import type { Progress } from '#protocol';

export type ActivityState = 'running' | 'done' | 'failed' | 'cancelled';

/** A piece of long work: what it is, how far it is, and a way to stop it. */
export class Activity {
  readonly id: number;
  readonly title: string;
  readonly startedAt = Date.now();
  readonly #controller = new AbortController();
  state = $state<ActivityState>('running');
  progress = $state.raw<Progress | null>(null);
  endedAt = $state<number | null>(null);

  constructor(id: number, title: string) {
    this.id = id;
    this.title = title;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  readonly onProgress = (progress: Progress): void => {
    this.progress = progress;
  };

  cancel(): void {
    this.#controller.abort();
  }

  /** The first end counts: work may know better than whoever waits for it. */
  end(state: Exclude<ActivityState, 'running'>): void {
    if (this.state !== 'running') return;
    this.state = state;
    this.endedAt = Date.now();
  }

  /** 0 to 1, or null while the total is not known. */
  get fraction(): number | null {
    if (this.progress === null || this.progress.total === 0) return null;
    return Math.min(1, this.progress.done / this.progress.total);
  }
}

const HISTORY_MAX = 50;

/** Running work and what has ended, newest first. */
export class Activities {
  list = $state.raw<readonly Activity[]>([]);
  readonly running = $derived(this.list.filter((activity) => activity.state === 'running'));
  #lastId = 0;

  /** Runs `work` as an activity; its end, failure or cancellation is recorded, and its error is passed on. */
  async run<T>(title: string, work: (activity: Activity) => Promise<T>): Promise<T> {
    const activity = new Activity(++this.#lastId, title);
    this.list = [activity, ...this.list].slice(0, HISTORY_MAX);
    try {
      const result = await work(activity);
      activity.end('done');
      return result;
    } catch (error) {
      activity.end(activity.signal.aborted ? 'cancelled' : 'failed');
      throw error;
    }
  }
}
