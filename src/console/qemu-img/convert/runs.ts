import { isEngineError } from '#engine';
import { statusAbove, type LayerStatus } from '../../block/layers.ts';
import type { BlockNode } from '../../block/node.ts';
import { strerror } from '../../text/strerror.ts';
import { ImgFailure } from '../failure.ts';
import type { Invocation } from '../invocation.ts';
import type { ConvertPlan } from './arguments.ts';

/** Bytes that are copied at once. */
export const RUN_LENGTH_MAX = 2 * 1024 * 1024;

const SECTOR = 512;

/** A run of the target's disk and where its bytes come from. */
export interface Run {
  readonly source: BlockNode;
  /** Where it starts in the source. */
  readonly from: number;
  /** Where it starts in the target. */
  readonly to: number;
  readonly length: number;
  /** `backing`: the target's backing file says the same, nothing is to be written. */
  readonly kind: 'data' | 'zero' | 'backing';
  /** It holds compressed clusters of the source. */
  readonly isCompressed: boolean;
}

/** What is to be copied, in the order of the target's disk. */
export function* runsOf(
  invocation: Invocation,
  plan: ConvertPlan,
  sources: readonly BlockNode[],
  target: BlockNode,
): Generator<Run> {
  const over = plan.backing === undefined ? null : { name: plan.backing, length: target.backing?.length ?? Infinity };
  let start = 0;
  for (const source of sources) {
    yield* plan.isCompressed && over !== null
      ? wholeClusters(source, over, target.image!.geometry.clusterSize)
      : runsIn(invocation, { over, salvages: plan.salvages }, source, start);
    start += source.length;
  }
}

/** The backing file of the target. */
interface TargetBacking {
  readonly name: string;
  readonly length: number;
}

function* runsIn(
  invocation: Invocation,
  { over, salvages }: { readonly over: TargetBacking | null; readonly salvages: boolean },
  source: BlockNode,
  start: number,
): Generator<Run> {
  // With a backing file of its own the target needs only what the source's upper layers hold.
  const base = over === null ? null : baseOf(source, over.name);
  for (let at = 0; at < source.length;) {
    const status = readableStatus(invocation, { source, base, at, salvages });
    const { kind, length: known } = kindOver(over, base, at, status);
    for (const end = at + known; at < end;) {
      const length = kind === 'data' ? Math.min(RUN_LENGTH_MAX - (at % RUN_LENGTH_MAX), end - at) : end - at;
      yield { source, from: at, to: start + at, length, kind, isCompressed: status.isCompressed };
      at += length;
    }
  }
}

/**
 * What a status means over the target's backing file. What nobody behind the source has reads as zeros; the target does so
 * by itself behind the end of its backing file.
 */
function kindOver(
  over: TargetBacking | null,
  base: BlockNode | null,
  at: number,
  { kind, length }: LayerStatus,
): Pick<Run, 'kind' | 'length'> {
  if (kind === 'data') return { kind, length };
  if (kind === 'absent' && base !== null) return { kind: 'backing', length };
  if (over === null) return { kind: 'zero', length };
  return at < over.length ? { kind: 'zero', length: Math.min(length, over.length - at) } : { kind: 'backing', length };
}

interface StatusRequest {
  readonly source: BlockNode;
  readonly base: BlockNode | null;
  readonly at: number;
  /** What nobody can tell the status of is said, and read as data. */
  readonly salvages: boolean;
}

/**
 * Who has the bytes from a place on. Where that cannot be told and is to be salvaged, shorter and shorter runs are asked
 * for, down to a sector.
 * @throws ImgFailure with QEMU's text where the source's tables contradict themselves
 */
function readableStatus(invocation: Invocation, { source, base, at, salvages }: StatusRequest): LayerStatus {
  // A percentage is one of what is not zero, to the byte.
  const wanted = invocation.has('p') ? 'zeros' : 'savings';
  for (let length = source.length - at; ;) {
    try {
      return statusAbove(source, base, at, length, wanted);
    } catch (error) {
      if (!isEngineError(error)) throw error;
      const reason = strerror(error);
      invocation.tellCorruption(error);
      const message = `error while reading block status at offset ${at}: ${reason}`;
      if (!salvages) throw new ImgFailure(message);
      if (length <= SECTOR) {
        invocation.complain(`warning: ${message}`);
        return { length, kind: 'data', hasHostOffset: false, isCompressed: false };
      }
      length = shorter(length);
    }
  }
}

/** A quarter of a length, in whole sectors. */
function shorter(length: number): number {
  return Math.ceil(length / 4 / SECTOR) * SECTOR;
}

/** A block status is asked for so much at most: what QEMU takes for one request, in whole sectors. */
const STATUS_LENGTH_MAX = 2 ** 31 - SECTOR;

/**
 * Over a backing file a compressed cluster must hold all of its bytes, those of the source's lower layers too; clusters
 * that the upper layers say nothing of are left to the backing file. As in QEMU, a cluster of which a run ends within is
 * copied whatever it holds; a run ends with the target's backing file, too.
 */
function* wholeClusters(source: BlockNode, over: TargetBacking, clusterSize: number): Generator<Run> {
  const base = baseOf(source, over.name);
  const backingEnd = Math.ceil(over.length / SECTOR) * SECTOR;
  let run = { end: 0, isHeld: false, isCompressed: false };
  for (let at = 0; at < source.length; at += clusterSize) {
    if (at >= run.end) {
      const status = statusAbove(source, base, at, Math.min(source.length - at, STATUS_LENGTH_MAX));
      const { kind, length } = kindOver(over, base, at, status);
      const end = at < backingEnd ? Math.min(at + length, backingEnd) : at + length;
      run = { end, isHeld: kind !== 'backing', isCompressed: status.isCompressed };
    }
    const length = Math.min(clusterSize, source.length - at);
    const isHeld = run.isHeld || run.end - at < clusterSize;
    yield { source, from: at, to: at, length, kind: isHeld ? 'data' : 'backing', isCompressed: run.isCompressed };
  }
}

/** The layer of the source that the target's backing file stands for: its own first backing file. */
function baseOf(source: BlockNode, backing: string): BlockNode | null {
  for (let layer = source.backing; layer !== null; layer = layer.backing) {
    if (layer.filename === backing || layer.filename.endsWith(`/${backing}`)) return layer;
  }
  return source.backing;
}
