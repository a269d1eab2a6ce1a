import { transferMemory } from '#engine';
import type { BlockNode } from '../../block/node.ts';
import type { CodecPool } from '../../host.ts';
import type { Invocation } from '../invocation.ts';
import type { ProgressLine } from '../progress.ts';
import { OWN_CODECS } from '../../codec/own-codecs.ts';
import { paceOf } from '../../pace.ts';
import type { ConvertPlan } from './arguments.ts';
import { Buffers } from './buffers.ts';
import { DirectSink, PooledSink } from './cluster-sink.ts';
import { CompressedWriter } from './compressed-writer.ts';
import { readAhead, type RunContent } from './read-ahead.ts';
import { RUN_LENGTH_MAX, runsOf, type Run } from './runs.ts';
import { lengthOf, readSource } from './sources.ts';
import { SparseWriter } from './sparse-writer.ts';

/** Writes a target's disk from its start to its end. @throws ImgFailure with QEMU's text */
export interface DiskWriter {
  /**
   * The bytes are the writer's until the second call of `ready` after it has resolved.
   * @param mayLinger whether the system may write them while the program goes on
   */
  writeData(at: number, bytes: Uint8Array, mayLinger: boolean): void;
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
  const pause = () => invocation.host.pause();
  // Workers get their next jobs in turns of the event loop. Nobody else needs one for each run.
  const pace = pool === null ? paceOf(invocation.host) : pause;
  const writer = writerFor(target, plan, { total, pool, pause });
  // Some parts are filled, some copied, two still being written. A run takes one part, ahead or in its turn, and never another.
  const buffers = new Buffers(2 * READ_AT_ONCE + 2, () => transferMemory(RUN_LENGTH_MAX));
  const runs = runsOf(invocation, plan, sources, target);
  let done = 0;
  try {
    for await (const { run, into, isRead } of contents()) {
      const { source, from, to, length, kind } = run;
      const share = workOf(plan, run);
      done += share;
      if (share > 0) progress.update(done, work);
      if (kind === 'data') {
        const content = into ?? buffers.next().subarray(0, length);
        if (!isRead) readSource(invocation, source, { at: from, into: content, salvages });
        writer.writeData(to, content, pool === null ? !isRead : writesBeside(pool));
      } else if (kind === 'zero') {
        writer.writeZeros(to, length);
      }
      await writer.ready();
      await pace();
    }
    await writer.finish();
  } catch (error) {
    await writer.abandon();
    throw error;
  }
  target.flush();
  progress.complete();

  function contents(): Iterable<RunContent> | AsyncIterable<RunContent> {
    if (salvages) return unread(runs);
    return pool === null ? overlapped(runs, buffers) : readAhead(runs, pool, pause);
  }
}

/** Less than this is done before other processors have begun. */
const POOL_WORK_MIN = 8 * 1024 * 1024;

/**
 * Who compresses and decompresses many clusters at once, if that is worth it; `-m 1` asks for nobody else. What a salvage
 * says of places that cannot be read stands in their order only if nothing is looked at ahead.
 */
function poolFor(invocation: Invocation, { salvages }: ConvertPlan, work: number): CodecPool | null {
  if (work < POOL_WORK_MIN || salvages) return null;
  const others = invocation.value('m') === '1' ? undefined : invocation.host.codecs;
  return others ?? OWN_CODECS;
}

/**
 * Whether the system had better write while this thread goes on. A single worker and this thread keep two processors busy, for which a
 * third is one too many; where there are more, this one has enough to do with handing out jobs. Without a pool it is the system's
 * reading ahead that makes two.
 */
function writesBeside({ workerCount }: CodecPool): boolean {
  return workerCount !== 1;
}

interface WriterOptions {
  readonly total: number;
  readonly pool: CodecPool | null;
  readonly pause: () => Promise<void>;
}

function writerFor(target: BlockNode, plan: ConvertPlan, { total, pool, pause }: WriterOptions): DiskWriter {
  if (!plan.isCompressed) return new SparseWriter(target, plan);
  const sink = pool === null ? new DirectSink(target) : new PooledSink(target, pool, pause);
  return new CompressedWriter(target, plan, { total, sink });
}

/** Nothing is looked at before its turn: what a salvage says of a place stands in the order of the disk. */
function* unread(runs: Iterable<Run>): Generator<RunContent> {
  for (const run of runs) yield { run, into: null, isRead: false };
}

/** Runs that are read together: to hand work to another thread, and to hear of its end, takes a processor a twentieth of a run's time. */
const READ_AT_ONCE = 2;

/** Reads the next runs while some are written, where the source can. What fails is read again in its turn, which tells. */
async function* overlapped(runs: Iterable<Run>, buffers: Buffers): AsyncGenerator<RunContent> {
  let started: Promise<RunContent>[] = [];
  let next: Promise<RunContent>[] = [];
  try {
    for (const run of runs) {
      next.push(begun(run, buffers));
      if (next.length < READ_AT_ONCE) continue;
      yield* started;
      started = next;
      next = [];
    }
    yield* started;
    yield* next;
  } finally {
    // Left early, nothing is under way in a source that is about to be closed.
    await Promise.all([...started, ...next]);
  }
}

async function begun(run: Run, buffers: Buffers): Promise<RunContent> {
  if (run.kind !== 'data') return { run, into: null, isRead: false };
  const into = buffers.next().subarray(0, run.length);
  try {
    const reading = run.source.readLater?.(run.from, into) ?? null;
    await reading;
    return { run, into, isRead: reading !== null };
  } catch {
    return { run, into, isRead: false };
  }
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
