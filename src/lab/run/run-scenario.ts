import {
  extentAt,
  flushesAfterWrite,
  openImage,
  type CacheMode,
  type GuestSource,
  type Image,
  type Storage,
} from '#engine';
import { ScratchStorage } from '../disk/scratch-storage.ts';
import { GuestModel, isIssued, type OperationSpan, type Promised } from '../guest/guest-model.ts';
import { SECTOR } from '../guest/sector-content.ts';
import { PowerCut, RecordingStorage } from '../trace/recording-storage.ts';
import type { Trace } from '../trace/trace.ts';
import type { GuestOperation, Scenario } from '../scenario.ts';
import { backingOf, makeBaseImage } from './base-image.ts';
import { GuestSession } from './guest-session.ts';

export interface OperationRun extends OperationSpan {
  readonly operation: GuestOperation;
  /** Every sector of a write had been written before. */
  readonly isOverwrite: boolean;
  readonly error: string | null;
}

/** A scenario as it ran on the real engine. */
export interface ScenarioRun {
  readonly scenario: Scenario;
  readonly trace: Trace;
  readonly operations: readonly OperationRun[];
  readonly model: GuestModel;
  /** The image before the recording, open read-only: the source of the guest's original sectors. */
  readonly original: Image;
  readonly backing: GuestSource | null;
  /** The file after the last event, when nothing is lost. */
  readonly media: Storage;
}

/** Runs the whole scenario, on a copy of `base` or on a new image. */
export function runScenario(scenario: Scenario, base: Storage = makeBaseImage(scenario.image)): ScenarioRun {
  const backing = backingOf(scenario.image);
  const original = openImage(base, { backing });
  const model = new GuestModel((sector) => isAllocated(original, sector * SECTOR));
  const media = new ScratchStorage(base);
  const recorder = new RecordingStorage(media);
  const session = new GuestSession(recorder, sessionOptions(scenario, backing));
  const operations = scenario.operations.map((operation, index): OperationRun => {
    recorder.operation = index;
    const begin = recorder.events.length;
    const isOverwrite = operation.kind === 'write' && model.hasWritten(operation.at, operation.length);
    const error = session.run(operation, { kind: 'operation', operation: index });
    if (error === null) model.issue(operation, index, { kind: 'operation', operation: index });
    const promise = error === null ? promiseOf(operation, scenario.cacheMode) : 'nothing';
    return { operation, begin, end: recorder.events.length, promise, isOverwrite, error };
  });
  return { scenario, trace: { base, events: recorder.events }, operations, model, original, backing, media };
}

/** What the engine holds in memory only. */
export interface EngineMemory {
  readonly l2Slices: readonly MemorySlice[];
  readonly refcountSlices: readonly MemorySlice[];
  /** The engine's idea of the dirty bit. */
  readonly isDirty: boolean;
  /** Freed clusters not to be reused before their release is durable. */
  readonly waitingClusters: number;
}

export interface MemorySlice {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/**
 * The engine's memory when power fails after `cut` events: the scenario runs again and stops at the same place, since
 * the same scenario always makes the same trace. Null: no image was open.
 */
export function engineMemoryAt(run: ScenarioRun, cut: number): EngineMemory | null {
  const { scenario, trace, backing } = run;
  const recorder = new RecordingStorage(new ScratchStorage(trace.base), cut);
  const session = new GuestSession(recorder, sessionOptions(scenario, backing));
  let memory: EngineMemory | null = null;
  recorder.onPowerCut = () => {
    memory = session.image === null ? null : memoryOf(session.image);
  };
  try {
    for (const [index, { operation, begin, end }] of run.operations.entries()) {
      if (!isIssued({ begin, end, promise: 'nothing' }, cut)) break;
      recorder.operation = index;
      session.run(operation, { kind: 'operation', operation: index });
    }
  } catch (error) {
    if (!(error instanceof PowerCut)) throw error;
    return memory;
  }
  return session.image === null ? null : memoryOf(session.image);
}

function memoryOf(image: Image): EngineMemory {
  return {
    l2Slices: image.l2Tables.dirtySlices().map(copyOfSlice),
    refcountSlices: image.refcounts.blocks.dirtySlices().map(copyOfSlice),
    isDirty: image.isDirty,
    waitingClusters: image.allocator.waitingCount,
  };
}

function copyOfSlice({ hostOffset, bytes }: { readonly hostOffset: number; readonly bytes: Uint8Array }): MemorySlice {
  return { at: hostOffset, bytes: bytes.slice() };
}

function sessionOptions({ image, cacheMode }: Scenario, backing: GuestSource | null) {
  return { cacheMode, lazyRefcounts: image.lazyRefcounts, backing };
}

/** Flush and close promise everything before them; in the sync modes each write promises itself. A discard is a hint. */
function promiseOf(operation: GuestOperation, cacheMode: CacheMode): Promised {
  if (operation.kind === 'flush' || operation.kind === 'close') return 'everything';
  return operation.kind !== 'discard' && flushesAfterWrite(cacheMode) ? 'itself' : 'nothing';
}

function isAllocated(image: Image, at: number): boolean {
  return extentAt(image, at, SECTOR).kind !== 'unallocated';
}
