import { EngineError, runCodecJob, type CodecJob, type CodecResult } from '#engine';
import type { CodecPool } from '../host.ts';

/** A worker that does codec jobs one after the other, as a host starts it. */
export interface CodecWorker {
  post(job: CodecJob): void;
  /** To be called once, when the worker has started. */
  onReady: () => void;
  /** To be called with each result, in the order of the jobs. */
  onResult: (result: CodecResult) => void;
  /** To be called when the worker cannot go on. */
  onFailure: (error: Error) => void;
}

interface Task {
  readonly job: CodecJob;
  readonly resolve: (result: CodecResult) => void;
  readonly reject: (error: Error) => void;
}

interface Member {
  readonly worker: CodecWorker;
  readonly underWay: Task[];
}

/** A worker has a job waiting while it does another. */
const JOBS_PER_WORKER = 2;

/** A pool over workers, which start with the first job, and get none before they have started: till then the command helps. */
export class WorkerPool implements CodecPool {
  readonly workerCount: number;
  readonly jobsMax: number;
  readonly allocate: CodecPool['allocate'];
  readonly #start: () => CodecWorker;
  readonly #waiting: Task[] = [];
  #members: Member[] | null = null;

  /** @param allocate memory that the workers reach too */
  constructor(count: number, start: () => CodecWorker, allocate: CodecPool['allocate']) {
    this.workerCount = count;
    this.#start = start;
    this.allocate = allocate;
    this.jobsMax = JOBS_PER_WORKER * (count + 1);
  }

  run(job: CodecJob): Promise<CodecResult> {
    if (this.#members === null) {
      this.#members = [];
      for (let i = 0; i < this.workerCount; i++) this.#startOne(this.#members);
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ job, resolve, reject });
      this.#handOut();
    });
  }

  help(): boolean {
    const task = this.#waiting.shift();
    task?.resolve(runCodecJob(task.job));
    return task !== undefined;
  }

  #startOne(members: Member[]): void {
    const worker = this.#start();
    const member: Member = { worker, underWay: [] };
    worker.onReady = () => {
      members.push(member);
      this.#handOut();
    };
    worker.onResult = (result) => {
      member.underWay.shift()!.resolve(result);
      this.#handOut();
    };
    worker.onFailure = (error) => {
      if (members.includes(member)) members.splice(members.indexOf(member), 1);
      const failure = new EngineError('io', `A worker that compresses has stopped: ${error.message}`, { cause: error });
      for (const { reject } of member.underWay.splice(0)) reject(failure);
    };
  }

  #handOut(): void {
    const idle = this.#members!.filter(({ underWay }) => underWay.length < JOBS_PER_WORKER);
    for (const { worker, underWay } of idle.toSorted((a, b) => a.underWay.length - b.underWay.length)) {
      const task = this.#waiting.shift();
      if (task === undefined) return;
      underWay.push(task);
      worker.post(task.job);
    }
  }
}
