import { isEngineError } from '#engine';
import { statusAbove, type LayerStatus } from '../../block/layers.ts';
import type { BlockNode } from '../../block/node.ts';
import { strerror } from '../../text/strerror.ts';
import { ImgFailure, type Invocation } from '../invocation.ts';
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
  let start = 0;
  for (const source of sources) {
    yield* plan.isCompressed && plan.backing !== undefined
      ? wholeClusters(source, baseOf(source, plan.backing), target.image!.geometry.clusterSize)
      : runsIn(invocation, plan, source, start);
    start += source.length;
  }
}

function* runsIn(
  invocation: Invocation,
  { backing, salvages }: ConvertPlan,
  source: BlockNode,
  start: number,
): Generator<Run> {
  // With a backing file of its own the target needs only what the source's upper layers hold.
  const base = backing === undefined ? null : baseOf(source, backing);
  for (let at = 0; at < source.length;) {
    const status = readableStatus(invocation, { source, base, at, salvages });
    const absent = backing === undefined ? 'zero' : 'backing';
    const kind = status.kind === 'absent' ? absent : status.kind;
    for (const end = at + status.length; at < end;) {
      const length = kind === 'data' ? Math.min(RUN_LENGTH_MAX - (at % RUN_LENGTH_MAX), end - at) : end - at;
      yield { source, from: at, to: start + at, length, kind, isCompressed: status.isCompressed };
      at += length;
    }
  }
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
  for (let length = source.length - at; ;) {
    try {
      return statusAbove(source, base, at, length);
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

/**
 * Over a backing file a compressed cluster must hold all of its bytes, those of the source's lower layers too; clusters
 * that the upper layers say nothing of are left to the backing file.
 */
function* wholeClusters(source: BlockNode, base: BlockNode | null, clusterSize: number): Generator<Run> {
  for (let at = 0; at < source.length; at += clusterSize) {
    const length = Math.min(clusterSize, source.length - at);
    let isHeld = false;
    let isCompressed = false;
    for (let part = 0; part < length && !isHeld;) {
      const status = statusAbove(source, base, at + part, length - part);
      isHeld = status.kind !== 'absent';
      isCompressed ||= status.isCompressed;
      part += status.length;
    }
    yield { source, from: at, to: at, length, kind: isHeld ? 'data' : 'backing', isCompressed };
  }
}

/** The layer of the source that the target's backing file stands for: its own first backing file. */
function baseOf(source: BlockNode, backing: string): BlockNode | null {
  for (let layer = source.backing; layer !== null; layer = layer.backing) {
    if (layer.filename === backing || layer.filename.endsWith(`/${backing}`)) return layer;
  }
  return source.backing;
}
