import type { HostOffset } from '../format/addresses.ts';
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
  | { readonly kind: 'discard'; readonly at: HostOffset; readonly length: number; readonly purpose: Purpose }
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
  | 'clear-dirty-bit'
  | 'clear-corrupt-bit';

/**
 * A step of a repair: its writes in order, made durable before the next step begins (each step ends with a flush).
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
