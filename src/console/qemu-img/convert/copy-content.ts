import type { BlockNode } from '../../block/node.ts';
import type { Invocation } from '../invocation.ts';
import { ProgressLine } from '../progress.ts';
import type { ConvertPlan } from './arguments.ts';
import { CompressedWriter } from './compressed-writer.ts';
import { RUN_LENGTH_MAX, runsOf } from './runs.ts';
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

/** Copies what the sources hold into the target. */
export async function copyContent(
  invocation: Invocation,
  plan: ConvertPlan,
  sources: readonly BlockNode[],
  target: BlockNode,
): Promise<void> {
  const total = lengthOf(sources);
  const { salvages } = plan;
  const progress = new ProgressLine(invocation);
  const writer = plan.isCompressed ? new CompressedWriter(target, plan, total) : new SparseWriter(target, plan);
  const buffer = new Uint8Array(RUN_LENGTH_MAX);
  for (const { source, from, to, length, kind } of runsOf(plan, sources, target)) {
    if (kind === 'data') {
      const into = buffer.subarray(0, length);
      readSource(invocation, source, { at: from, into, salvages });
      writer.writeData(to, into);
    } else if (kind === 'zero') {
      writer.writeZeros(to, length);
    }
    progress.update(to + length, total);
    await invocation.host.pause();
  }
  writer.finish();
  target.flush();
  progress.complete();
  progress.end();
}
