import type { CacheMode, Purpose } from '#engine';

export interface PurposeCount {
  readonly purpose: Purpose;
  readonly count: number;
  readonly bytes: number;
}

/** Host I/O of a run, counted from its recording. */
export interface CostCounts {
  readonly writes: number;
  readonly flushes: number;
  readonly bytes: number;
  /** Bytes that are neither guest data nor copies of it. */
  readonly metadataBytes: number;
  readonly discards: number;
  readonly writesByPurpose: readonly PurposeCount[];
  readonly flushesByPurpose: readonly PurposeCount[];
}

export interface CostRow {
  readonly lazyRefcounts: boolean;
  readonly cacheMode: CacheMode;
  readonly counts: CostCounts;
}

export interface Latencies {
  readonly writeMicroseconds: number;
  readonly flushMicroseconds: number;
}

/** Means per guest write. */
export interface CostPerWrite {
  readonly writes: number;
  readonly flushes: number;
  /** KiB of metadata written. */
  readonly metadataKib: number;
}

/** One line of the comparison with real QEMU: what a guest write costs on average in a fresh 64 GiB image. */
export interface WorkloadCost {
  readonly label: string;
  readonly rows: readonly {
    readonly lazyRefcounts: boolean;
    readonly cacheMode: CacheMode;
    readonly ours: CostPerWrite;
    /** Measured with QEMU 7.2; null where it was not measured. */
    readonly qemu: CostPerWrite | null;
  }[];
}
