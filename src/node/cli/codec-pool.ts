import { WorkerPool, type CodecPool, type CodecWorker } from '#console';

/**
 * A pool of threads, one a processor.
 * @param script what a thread runs: the bundle of codec-worker.ts
 */
export function codecPool(script: string): CodecPool {
  const { availableParallelism } = process.getBuiltinModule('node:os');
  return new WorkerPool(availableParallelism(), () => startThread(script));
}

function startThread(script: string): CodecWorker {
  // Loaded when it is needed, as most commands need no threads.
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const thread = new Worker(script);
  const worker: CodecWorker = {
    post: (job) => thread.postMessage(job, [job.bytes.buffer]),
    onResult: () => undefined,
    onFailure: () => undefined,
  };
  thread.on('message', (result) => worker.onResult(result));
  thread.on('error', (error) => worker.onFailure(error));
  return worker;
}
