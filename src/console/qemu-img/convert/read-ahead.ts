import { compressionOf, isEngineError, readAllButCompressed } from '#engine';
import type { CodecPool } from '../../host.ts';
import { JobResult } from '../../codec/job-result.ts';
import { Buffers } from './buffers.ts';
import { RUN_LENGTH_MAX, type Run } from './runs.ts';

/** A run, with the place for its bytes where it has one already, and whether they are there. */
export interface RunContent {
  readonly run: Run;
  readonly into: Uint8Array | null;
  readonly isRead: boolean;
}

/** What the copy holds on to beside what is being read: a part being copied, and two being written. */
const HELD = 3;
/** Groups that are known ahead: what is not compressed takes no memory before its turn, and the pool has work from behind it. */
const GROUPS_MAX = 64;

/**
 * Reads the next runs while one is written, and has a pool decompress them, helping where it would have to wait. What cannot
 * be read is left to be read in the plain way when its turn comes, run by run, which tells what is wrong and where.
 */
export async function* readAhead(
  runs: Iterable<Run>,
  pool: CodecPool,
  pause: () => Promise<void>,
): AsyncGenerator<RunContent> {
  const count = pool.jobsMax + 1 + HELD;
  const allocate = () => pool.allocate(RUN_LENGTH_MAX);
  const memory = { streams: new Buffers(count, allocate), contents: new Buffers(count, allocate) };
  const started: Started[] = [];
  for (const group of groupedRuns(runs)) {
    started.push(start(group, pool, memory));
    while (jobsIn(started) > pool.jobsMax || started.length > GROUPS_MAX) yield* arrived(started.shift()!, pool, pause);
  }
  for (const one of started) yield* arrived(one, pool, pause);
}

interface Started {
  readonly group: RunGroup;
  readonly content: JobResult<Uint8Array | null>;
}

function jobsIn(started: readonly Started[]): number {
  return started.filter(({ group }) => group.whole.isCompressed).length;
}

function start(group: RunGroup, pool: CodecPool, memory: Memory): Started {
  const content = group.whole.isCompressed ? readGroup(group.whole, pool, memory) : Promise.resolve(null);
  return { group, content: new JobResult(content) };
}

async function* arrived(one: Started, pool: CodecPool, pause: () => Promise<void>): AsyncGenerator<RunContent> {
  const { whole, parts } = one.group;
  const content = await one.content.arrival(pool, pause);
  if (content !== null) yield { run: whole, into: content, isRead: true };
  else for (const run of parts) yield { run, into: null, isRead: false };
}

interface Memory {
  readonly streams: Buffers;
  readonly contents: Buffers;
}

/** Null where that fails, or where the node's driver may have a say in each read. */
async function readGroup({ source, from, length }: Run, pool: CodecPool, memory: Memory): Promise<Uint8Array | null> {
  const { image, file } = source;
  if (image === null || file?.onEvent !== undefined) return null;
  const input = memory.streams.next();
  const output = memory.contents.next().subarray(0, length);
  try {
    const items = readAllButCompressed(image, from, output, input);
    if (items.length === 0) return output;
    const compression = compressionOf(image.header);
    const { clusterSize } = image.geometry;
    const results = await pool.run({ kind: 'decompress', compression, clusterSize, input, output, items });
    return results.includes(null) ? null : output;
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return null;
  }
}

/** Runs that follow one another and are read as one: a compressed cluster is a run by itself, and too little for a job. */
interface RunGroup {
  readonly whole: Run;
  readonly parts: readonly Run[];
}

function* groupedRuns(runs: Iterable<Run>): Generator<RunGroup> {
  let parts: Run[] = [];
  for (const run of runs) {
    if (parts.length > 0 && !continues(parts, run)) {
      yield groupOf(parts);
      parts = [];
    }
    parts.push(run);
  }
  if (parts.length > 0) yield groupOf(parts);
}

function continues(parts: readonly Run[], run: Run): boolean {
  const first = parts[0]!;
  const last = parts.at(-1)!;
  return (
    last.kind === 'data' &&
    run.kind === 'data' &&
    last.source === run.source &&
    last.from + last.length === run.from &&
    run.from + run.length - first.from <= RUN_LENGTH_MAX
  );
}

function groupOf(parts: readonly Run[]): RunGroup {
  const length = parts.reduce((sum, run) => sum + run.length, 0);
  return { whole: { ...parts[0]!, length, isCompressed: parts.some(({ isCompressed }) => isCompressed) }, parts };
}
