import type {
  CostCounts,
  CostRow,
  Crash,
  CrashState,
  Exploration,
  ExportedCrash,
  Latencies,
  Progress,
  Recording,
  Reopening,
  Scenario,
  WorkloadCost,
} from './lab-types.ts';
import type { ImageId, LibraryEntry } from './library.ts';
import type { Method } from './methods.ts';

/**
 * What every request of the lab names: the whole scenario, so that the worker keeps no state the page must tidy up
 * (it caches the last runs). `imageId` starts from a copy of an image of the library instead of a new one.
 */
export interface LabRequest {
  readonly scenario: Scenario;
  readonly imageId: ImageId | null;
}

/** A moment after one or more power cuts; see {@link Crash}. */
export interface LabCrashRequest extends LabRequest {
  readonly crashes: readonly Crash[];
}

/** A crash image as files, its backing file after it, and what `qemu-img check` will say of it. */
export type LabExport = ExportedCrash;

/** Everything the page asks of the worker about the crash lab. */
export interface LabMethods {
  'lab.run': Method<LabRequest, Recording>;
  /** The image as the last of `crashes` left it. */
  'lab.crash': Method<LabCrashRequest, CrashState>;
  /** Opens what the last crash left; its `events` are the trace that a further crash cuts. */
  'lab.reopen': Method<LabCrashRequest, Reopening>;
  /** The scenario's cost with lazy refcounts off and on in every cache mode: ten rows, off before on. */
  'lab.cost': Method<LabRequest, readonly CostRow[]>;
  /** A workload of many writes into a fresh 64 GiB image, next to what real QEMU needs for it. */
  'lab.workload': Method<{ readonly workload: number }, WorkloadCost, Progress>;
  /**
   * For each moment, 0 to events.length, the worst verdict (index into LAB_VERDICTS) of a crash that keeps all atoms,
   * none, all but one, or only one.
   */
  'lab.survey': Method<LabRequest, Uint8Array<ArrayBuffer>, Progress>;
  /** All crash states of the scenario, checked against every promise. */
  'lab.explore': Method<LabRequest, Exploration, Progress>;
  'lab.export': Method<LabCrashRequest & { readonly repaired: boolean }, LabExport>;
  /** Puts the crash image into the library, to look at it there. */
  'lab.keep': Method<LabCrashRequest & { readonly name: string }, LibraryEntry>;
}

/** Microseconds that the host would spend on the counted writes and flushes. */
export function estimateMicroseconds(counts: CostCounts, latencies: Latencies): number {
  return counts.writes * latencies.writeMicroseconds + counts.flushes * latencies.flushMicroseconds;
}
