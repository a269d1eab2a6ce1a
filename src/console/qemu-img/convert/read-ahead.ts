import { compressionOf, isEngineError, readAllButCompressed, type PendingStream } from '#engine';
import type { CodecPool } from '../../host.ts';
import { RUN_LENGTH_MAX, type Run } from './runs.ts';

/**
 * Reads a run while others decompress its clusters. Null where that fails or is nothing to be done beside: then the run
 * is to be read in the plain way when its turn comes, which tells what is wrong.
 */
export async function readAhead(pool: CodecPool, { source, from, length }: Run): Promise<Uint8Array | null> {
  const { image } = source;
  if (image === null) return null;
  const into = new Uint8Array(length);
  try {
    const pending = readAllButCompressed(image, from, into);
    if (pending.length === 0) return into;
    const job = {
      kind: 'decompress',
      compression: compressionOf(image.header),
      clusterSize: image.geometry.clusterSize,
      bytes: joined(pending),
      lengths: pending.map(({ stream }) => stream.length),
    } as const;
    const { bytes, lengths } = await pool.run(job);
    if (lengths.includes(null)) return null;
    pending.forEach(({ skip, length: count, to }, index) => {
      const start = index * job.clusterSize + skip;
      into.set(bytes.subarray(start, start + count), to);
    });
    return into;
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return null;
  }
}

/** Runs that follow one another and are read as one: a compressed cluster is a run by itself, and too little for a job. */
export interface RunGroup {
  readonly whole: Run;
  readonly parts: readonly Run[];
}

export function* groupedRuns(runs: Iterable<Run>): Generator<RunGroup> {
  const held: RunGroup[] = [];
  for (const run of runs) {
    const last = held.pop();
    if (last !== undefined && continues(last.whole, run)) {
      const length = last.whole.length + run.length;
      const whole = { ...last.whole, length, isCompressed: last.whole.isCompressed || run.isCompressed };
      held.push({ whole, parts: [...last.parts, run] });
      continue;
    }
    if (last !== undefined) yield last;
    held.push({ whole: run, parts: [run] });
  }
  yield* held;
}

function continues(last: Run, run: Run): boolean {
  return (
    last.kind === 'data' &&
    run.kind === 'data' &&
    last.source === run.source &&
    last.from + last.length === run.from &&
    last.length + run.length <= RUN_LENGTH_MAX
  );
}

function joined(pending: readonly PendingStream[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(pending.reduce((sum, { stream }) => sum + stream.length, 0));
  let at = 0;
  for (const { stream } of pending) {
    bytes.set(stream, at);
    at += stream.length;
  }
  return bytes;
}
