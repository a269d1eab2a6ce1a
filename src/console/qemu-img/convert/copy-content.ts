import type { BlockNode } from '../../block/node.ts';
import type { CodecPool } from '../../host.ts';
import type { Invocation } from '../invocation.ts';
import type { ProgressLine } from '../progress.ts';
import type { ConvertPlan } from './arguments.ts';
import { DirectSink, PooledSink } from './cluster-sink.ts';
import { CompressedWriter } from './compressed-writer.ts';
import { groupedRuns, readAhead, type RunGroup } from './read-ahead.ts';
import { RUN_LENGTH_MAX, runsOf, type Run } from './runs.ts';
import { lengthOf, readSource } from './sources.ts';
import { SparseWriter } from './sparse-writer.ts';

/** Writes a target's disk from its start to its end. @throws ImgFailure with QEMU's text */
export interface DiskWriter {
  /** The bytes are the writer's until the second call of `ready` after it has resolved. */
  writeData(at: number, bytes: Uint8Array): void;
  writeZeros(at: number, length: number): void;
  /** Resolves when it takes more. */
  ready(): Promise<void>;
  /** To be called once, after everything else; resolves when all is written. */
  finish(): Promise<void>;
  /** Instead of `finish`, of a copy that failed: resolves when nothing is under way any more. */
  abandon(): Promise<void>;
}

/** What is copied, and where the progress is shown. */
export interface Copying {
  readonly sources: readonly BlockNode[];
  readonly target: BlockNode;
  readonly progress: ProgressLine;
}

/** Copies what the sources hold into the target. */
export async function copyContent(
  invocation: Invocation,
  plan: ConvertPlan,
  { sources, target, progress }: Copying,
): Promise<void> {
  const total = lengthOf(sources);
  const { salvages } = plan;
  // The percentage is one of what is written, which only a walk over all runs can tell. Tables that contradict themselves
  // end it before anything is copied.
  const { work, hasCompressed } = survey(plan, runsOf(invocation, plan, sources, target));
  const pool = plan.isCompressed || hasCompressed ? poolFor(invocation, plan, work) : null;
  const writer = writerFor(target, plan, total, pool);
  const buffers = new Buffers();
  const runs = runsOf(invocation, plan, sources, target);
  let done = 0;
  try {
    for await (const { run, content } of pool === null ? overlapped(runs, buffers) : ahead(runs, pool)) {
      const { source, from, to, length, kind } = run;
      const share = workOf(plan, run);
      done += share;
      if (share > 0) progress.update(done, work);
      if (kind === 'data') {
        const into = content ?? buffers.next(length);
        if (content === null) readSource(invocation, source, { at: from, into, salvages });
        writer.writeData(to, into);
      } else if (kind === 'zero') {
        writer.writeZeros(to, length);
      }
      await writer.ready();
      await invocation.host.pause();
    }
    await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  target.flush();
  progress.complete();
}

/** Less than this is done before other processors have begun. */
const POOL_WORK_MIN = 8 * 1024 * 1024;

/**
 * A pool, where the host has one and it is worth its start; `-m 1` asks for none. What a salvage says of places that
 * cannot be read stands in their order only if nothing is looked at ahead.
 */
function poolFor(invocation: Invocation, { salvages }: ConvertPlan, work: number): CodecPool | null {
  if (work < POOL_WORK_MIN || salvages || invocation.value('m') === '1') return null;
  return invocation.host.codecs ?? null;
}

function writerFor(target: BlockNode, plan: ConvertPlan, total: number, pool: CodecPool | null): DiskWriter {
  if (!plan.isCompressed) return new SparseWriter(target, plan);
  const sink = pool === null ? new DirectSink(target) : new PooledSink(target, pool);
  return new CompressedWriter(target, plan, { total, sink });
}

/** A run, with its bytes if they were read already. */
interface RunContent {
  readonly run: Run;
  readonly content: Uint8Array | null;
}

/** Memory in turn: one part is filled, one still being written, one copied, perhaps after it could not be filled ahead. */
class Buffers {
  readonly #all = Array.from({ length: 4 }, () => new Uint8Array(RUN_LENGTH_MAX));
  #turn = 0;

  next(length: number): Uint8Array {
    this.#turn = (this.#turn + 1) % this.#all.length;
    return this.#all[this.#turn]!.subarray(0, length);
  }
}

/** Reads the next run while one is written, where the source can. What fails is read again in its turn, which tells. */
async function* overlapped(runs: Iterable<Run>, buffers: Buffers): AsyncGenerator<RunContent> {
  let started: Promise<RunContent> | null = null;
  let next: Promise<RunContent> | null = null;
  try {
    for (const run of runs) {
      next = begun(run, buffers);
      if (started !== null) yield await started;
      started = next;
    }
    if (started !== null) yield await started;
  } finally {
    // Left early, nothing is under way in a source that is about to be closed.
    await next;
  }
}

async function begun(run: Run, buffers: Buffers): Promise<RunContent> {
  if (run.kind !== 'data' || run.source.readLater === undefined) return { run, content: null };
  const content = buffers.next(run.length);
  const isRead = await run.source.readLater(run.from, content)?.then(
    () => true,
    () => false,
  );
  return { run, content: isRead === true ? content : null };
}

function* plainly(runs: Iterable<Run>): Generator<RunContent> {
  for (const run of runs) yield { run, content: null };
}

/** Lets the pool decompress the next runs while one is written. */
async function* ahead(runs: Iterable<Run>, pool: CodecPool): AsyncGenerator<RunContent> {
  const started: { readonly group: RunGroup; readonly content: Promise<Uint8Array | null> }[] = [];
  for (const group of groupedRuns(runs)) {
    const content = group.whole.isCompressed ? readAhead(pool, group.whole) : Promise.resolve(null);
    // A failure is met where the run's turn comes, which may be never after another one.
    content.catch(() => undefined);
    started.push({ group, content });
    if (started.length > pool.jobsMax) yield* arrived(started.shift()!);
  }
  for (const one of started) yield* arrived(one);
}

/** What was not read ahead is read run by run, so that a failure is told of the place where it is. */
async function* arrived({
  group: { whole, parts },
  content,
}: {
  readonly group: RunGroup;
  readonly content: Promise<Uint8Array | null>;
}): AsyncGenerator<RunContent> {
  const bytes = await content;
  if (bytes === null) yield* plainly(parts);
  else yield { run: whole, content: bytes };
}

function survey(plan: ConvertPlan, runs: Iterable<Run>): { work: number; hasCompressed: boolean } {
  let work = 0;
  let hasCompressed = false;
  for (const run of runs) {
    work += workOf(plan, run);
    hasCompressed ||= run.isCompressed;
  }
  return { work, hasCompressed };
}

/** Bytes that are written as data: without a search for zeros, those too. */
function workOf({ sparse }: ConvertPlan, { kind, length }: Run): number {
  return kind === 'data' || (kind === 'zero' && sparse === 0) ? length : 0;
}
