import type { CodecJob, CodecResult } from '#engine';
import type { CodecPool } from '../host.ts';

/** A worker that does codec jobs one after the other, as a host starts it. */
export interface CodecWorker {
  /** Hands over the job's bytes. */
  post(job: CodecJob): void;
  /** To be called with each result, in the order of the jobs. */
  onResult: (result: CodecResult) => void;
  /** To be called when the worker cannot go on. */
  onFailure: (error: Error) => void;
}

interface Waiting {
  readonly resolve: (result: CodecResult) => void;
  readonly reject: (error: Error) => void;
}

/** A pool over workers, which start with the first job. Each has a job waiting while it does another. */
export class WorkerPool implements CodecPool {
  readonly jobsMax: number;
  readonly #start: () => CodecWorker;
  readonly #count: number;
  #workers: { readonly worker: CodecWorker; readonly waiting: Waiting[] }[] | null = null;

  constructor(count: number, start: () => CodecWorker) {
    this.#count = count;
    this.#start = start;
    this.jobsMax = 2 * count;
  }

  run(job: CodecJob): Promise<CodecResult> {
    this.#workers ??= Array.from({ length: this.#count }, () => this.#started());
    const idlest = this.#workers.reduce((a, b) => (b.waiting.length < a.waiting.length ? b : a));
    return new Promise((resolve, reject) => {
      idlest.waiting.push({ resolve, reject });
      idlest.worker.post(job);
    });
  }

  #started() {
    const worker = this.#start();
    const waiting: Waiting[] = [];
    worker.onResult = (result) => waiting.shift()!.resolve(result);
    worker.onFailure = (error) => {
      for (const { reject } of waiting.splice(0)) reject(error);
    };
    return { worker, waiting };
  }
}
