import type { HostOffset } from '../format/addresses.ts';
import type { CheckReport, RepairMode } from '../check/report.ts';
import type { Purpose } from '../storage/storage.ts';

/** One change to the bytes of the image, with what stands there now, so that it can be shown and undone. */
export type RepairWrite =
  | {
      readonly kind: 'write';
      readonly at: HostOffset;
      readonly before: Uint8Array;
      readonly after: Uint8Array;
      readonly purpose: Purpose;
    }
  | {
      readonly kind: 'discard';
      readonly at: HostOffset;
      readonly length: number;
      /** What stands there, for undoing; null where the plan did not keep it. */
      readonly before: Uint8Array | null;
      readonly purpose: Purpose;
    }
  | { readonly kind: 'truncate'; readonly before: number; readonly after: number; readonly purpose: Purpose }
  | { readonly kind: 'flush'; readonly purpose: Purpose };

/** What a step is for; the page has one sentence for each. */
export type RepairStepKind =
  | 'mend-snapshot-table'
  | 'mend-entry'
  | 'grow-file'
  | 'write-new-refcount-blocks'
  | 'write-new-refcount-table'
  | 'switch-to-new-refcounts'
  | 'free-old-refcounts'
  | 'raise-refcounts'
  | 'lower-refcounts'
  | 'fix-copied-flags'
  | 'mark-corrupt'
  | 'clear-dirty-bit'
  | 'clear-corrupt-bit';

/**
 * A step of a repair: its writes in order, made durable before the next step begins (each step ends with a flush; holes
 * are punched after a flush of their own, when the refcounts that free them are durable).
 * A crash between or inside steps leaves an image that the next repair mends.
 */
export interface RepairStep {
  readonly kind: RepairStepKind;
  /** The lines that QEMU prints for this step. */
  readonly messages: readonly string[];
  readonly writes: readonly RepairWrite[];
  /** Host clusters or entries that the step concerns, for the sentence beside it. */
  readonly count: number;
}

/** A repair thought through to its end before anything is written. */
export interface RepairPlan {
  readonly mode: RepairMode;
  readonly steps: readonly RepairStep[];
  /** The run of `qemu-img check -r`: what was found, and the counters of what is and is not fixed once all steps are applied. */
  readonly report: CheckReport;
  /** The second run of `qemu-img check -r`, on the image as it will be; null if the first one fixed nothing. */
  readonly after: CheckReport | null;
  /** Why nothing is mended, in a sentence; the steps then mark the image corrupt at most. Null if they are the repair. */
  readonly refused: string | null;
  /** Bytes of the file before the first step; undoing goes back to it. */
  readonly sizeBefore: number;
}
