import { sharedTransferMemory } from '#engine';
import { WorkerPool, type CodecPool, type CodecWorker } from '#console';

/** More than this would wait for the one that reads and writes. */
const THREADS_MAX = 8;

/**
 * A pool of threads, one for each processor but the command's own.
 * @param script what a thread runs: the bundle of codec-worker.ts
 */
export function codecPool(script: string): CodecPool | undefined {
  const { availableParallelism } = process.getBuiltinModule('node:os');
  const count = Math.min(availableParallelism() - 1, THREADS_MAX);
  // Memory that is shared, not handed over: where memory changes hands, V8 compiles everything that works on bytes anew, and
  // worse.
  return count === 0 ? undefined : new WorkerPool(count, () => startThread(script), sharedTransferMemory);
}

function startThread(script: string): CodecWorker {
  // Loaded when it is needed, as most commands need no threads.
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const thread = new Worker(script);
  const worker: CodecWorker = {
    post: (job) => thread.postMessage(job),
    onReady: () => undefined,
    onResult: () => undefined,
    onFailure: () => undefined,
  };
  thread.on('online', () => worker.onReady());
  thread.on('message', (result) => worker.onResult(result));
  thread.on('error', (error) => worker.onFailure(error));
  return worker;
}
