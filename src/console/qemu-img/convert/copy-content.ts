import type { BlockNode } from '../../block/node.ts';
import type { Invocation } from '../invocation.ts';
import type { ProgressLine } from '../progress.ts';
import type { ConvertPlan } from './arguments.ts';
import { CompressedWriter } from './compressed-writer.ts';
import { RUN_LENGTH_MAX, runsOf, type Run } from './runs.ts';
import { lengthOf, readSource } from './sources.ts';
import { SparseWriter } from './sparse-writer.ts';

/** Writes a target's disk from its start to its end. @throws ImgFailure with QEMU's text */
export interface DiskWriter {
  /** The bytes are the writer's only until it returns. */
  writeData(at: number, bytes: Uint8Array): void;
  writeZeros(at: number, length: number): void;
  /** To be called once, after everything else. */
  finish(): void;
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
  const writer = plan.isCompressed ? new CompressedWriter(target, plan, total) : new SparseWriter(target, plan);
  const buffer = new Uint8Array(RUN_LENGTH_MAX);
  // The percentage is one of what is written, which only a walk over all runs can tell. Tables that contradict themselves
  // end it before anything is copied.
  const work = workIn(plan, runsOf(invocation, plan, sources, target));
  let done = 0;
  for (const run of runsOf(invocation, plan, sources, target)) {
    const { source, from, to, length, kind } = run;
    const share = workIn(plan, [run]);
    done += share;
    if (share > 0) progress.update(done, work);
    if (kind === 'data') {
      const into = buffer.subarray(0, length);
      readSource(invocation, source, { at: from, into, salvages });
      writer.writeData(to, into);
    } else if (kind === 'zero') {
      writer.writeZeros(to, length);
    }
    await invocation.host.pause();
  }
  writer.finish();
  target.flush();
  progress.complete();
}

/** Bytes that are written as data: without a search for zeros, those too. */
function workIn({ sparse }: ConvertPlan, runs: Iterable<Run>): number {
  let bytes = 0;
  for (const { kind, length } of runs) if (kind === 'data' || (kind === 'zero' && sparse === 0)) bytes += length;
  return bytes;
}
