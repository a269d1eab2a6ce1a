import { isEngineError } from '#engine';
import type { BlockNode } from '../../block/node.ts';
import { strerror } from '../../text/strerror.ts';
import { ImgFailure } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import { loadSnapshot } from '../snapshot-parameter.ts';
import type { ConvertPlan } from './arguments.ts';

/** Opens the images to be converted, one after the other on the target's disk; a snapshot is one of the only image. */
export async function openSources(
  invocation: Invocation,
  { sources, snapshot }: Pick<ConvertPlan, 'sources' | 'snapshot'>,
): Promise<BlockNode[]> {
  const cacheMode = invocation.cacheMode('T', 'writeback', 'source ');
  const nodes: BlockNode[] = [];
  try {
    for (const name of sources) {
      const format = invocation.value('f');
      nodes.push(await invocation.open(name, { writable: false, cacheMode, format, refusesWriters: true }));
    }
    if (snapshot === null) return nodes;
    if (nodes.length > 1) throw new ImgFailure('No support for concatenating multiple snapshot');
    loadSnapshot(nodes[0]!, snapshot);
    return nodes;
  } catch (error) {
    for (const node of nodes) node.close();
    throw error;
  }
}

/** Bytes of the disk that the sources make up. */
export function lengthOf(sources: readonly BlockNode[]): number {
  return sources.reduce((sum, { length }) => sum + length, 0);
}

/**
 * Reads from a source. With `salvages` what cannot be read becomes zeros, and is said.
 * @throws ImgFailure with QEMU's text
 */
export function readSource(
  invocation: Invocation,
  source: BlockNode,
  { at, into, salvages }: { at: number; into: Uint8Array; salvages: boolean },
): void {
  try {
    source.readAt(at, into);
  } catch (error) {
    if (!isEngineError(error)) throw error;
    invocation.tellCorruption(error);
    if (!salvages) throw new ImgFailure(`error while reading at byte ${at}: ${strerror(error)}`);
    salvage(invocation, source, at, into);
  }
}

/** Reads sector by sector. */
function salvage(invocation: Invocation, source: BlockNode, at: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; done += 512) {
    const sector = bytes.subarray(done, done + 512);
    try {
      source.readAt(at + done, sector);
    } catch (error) {
      invocation.complain(`warning: error while reading offset ${at + done}: ${strerror(error)}`);
      sector.fill(0);
    }
  }
}
