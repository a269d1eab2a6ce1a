import { WorkerPool, type CodecPool, type CodecWorker } from '#console';
import type { CodecJob } from '#engine';
import type { CodecAnswer } from './codec-worker.ts';

/** More would only wait for the one thread that reads and writes. */
const WORKERS_MAX = 8;

const startWorker = () => new Worker(new URL('./codec-worker.ts', import.meta.url), { type: 'module' });

/**
 * A pool of workers, one for each processor but the engine's own, which start with the first job. Until they are there the
 * command does the jobs itself, and so it stays where the browser starts none.
 * @param sharesMemory whether jobs lie in memory that the workers reach, as the browser allows it to isolated pages only;
 *   else bytes go there and come back
 */
export function browserCodecs(
  processors = navigator.hardwareConcurrency,
  start = startWorker,
  sharesMemory = crossOriginIsolated,
): CodecPool {
  const count = Math.max(1, Math.min(processors - 1, WORKERS_MAX));
  const allocate = (length: number) =>
    sharesMemory ? new Uint8Array(new SharedArrayBuffer(length)) : new Uint8Array(length);
  return new WorkerPool(count, () => codecWorker(start, sharesMemory), allocate);
}

function codecWorker(start: () => Worker, sharesMemory: boolean): CodecWorker {
  const underWay: CodecJob[] = [];
  const own: CodecWorker = {
    post: () => undefined,
    onReady: () => undefined,
    onResult: () => undefined,
    onFailure: () => undefined,
  };
  let worker: Worker;
  try {
    worker = start();
  } catch {
    // The browser starts none, so this one never gets ready.
    return own;
  }
  own.post = (job) => {
    if (sharesMemory) return worker.postMessage(job);
    underWay.push(job);
    const input = job.input.slice(0, Math.max(...job.items.map(({ from, length }) => from + length)));
    // Only the length of the output counts there.
    worker.postMessage({ ...job, input, output: job.output.length }, [input.buffer]);
  };
  worker.onmessage = ({ data }: MessageEvent<CodecAnswer | null>) => {
    if (data === null) return own.onReady();
    if (data.output !== null) underWay.shift()!.output.set(data.output);
    own.onResult(data.result);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    // It would go on with its next job, whose memory may be somebody else's by then.
    worker.onmessage = null;
    worker.terminate();
    own.onFailure(new Error(event.message));
  };
  return own;
}
