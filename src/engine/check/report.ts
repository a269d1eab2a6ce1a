import type { HostCluster, HostOffset } from '../format/addresses.ts';

/** How far a repair may go: `leaks` frees lost clusters only, `all` also raises refcounts and mends entries. */
export type RepairMode = 'leaks' | 'all';

export type Severity = 'corruption' | 'leak' | 'check-error';

/** What is wrong, as data; each kind has one explanation for people (describe/explain.ts, app/text). */
export type FindingKind =
  | 'refcount-too-low'
  | 'refcount-too-high'
  | 'copied-flag-l1'
  | 'copied-flag-l2'
  | 'l1-reserved-bits'
  | 'l2-reserved-bits'
  | 'l2-table-unaligned'
  | 'data-cluster-unaligned'
  | 'preallocated-cluster-unaligned'
  | 'compressed-copied'
  | 'compressed-with-data-file'
  | 'compressed-with-bitmap'
  | 'subcluster-bitmap-invalid'
  | 'beyond-end-of-file'
  | 'reference-overflow'
  | 'cross-linked'
  | 'refcount-table-reserved-bits'
  | 'refcount-block-unaligned'
  | 'refcount-block-outside'
  | 'refcount-block-referenced'
  | 'snapshot-table-incomplete'
  | 'snapshot-table-invalid'
  | 'snapshot-l1-invalid'
  | 'bitmap-invalid'
  | 'io-error';

export interface Finding {
  readonly kind: FindingKind;
  readonly severity: Severity;
  /** The line that `qemu-img check` prints for it. */
  readonly message: string;
  /** Bytes that show it: the entry, the table or the cluster. */
  readonly at: { readonly hostOffset: HostOffset; readonly length: number } | null;
  readonly cluster: HostCluster | null;
  readonly refcount: number | null;
  readonly references: number | null;
  /** What would mend it: the leaks repair, the full repair, a rebuild of the refcount structures, or nothing. */
  readonly mendedBy: RepairMode | 'rebuild' | 'nothing';
}

/** The counters of `qemu-img check`, with its names. Clusters unless the name says otherwise. */
export interface CheckCounters {
  corruptions: number;
  leaks: number;
  checkErrors: number;
  corruptionsFixed: number;
  leaksFixed: number;
  totalClusters: number;
  allocatedClusters: number;
  fragmentedClusters: number;
  compressedClusters: number;
  imageEndOffset: HostOffset;
}

export interface CheckReport {
  readonly counters: Readonly<CheckCounters>;
  /** At most `findingsMax` of them; `counters` always counts all. */
  readonly findings: readonly Finding[];
  /** Findings left out of `findings`. */
  readonly findingsOmitted: number;
  /** What QEMU prints on stderr, line by line, in order. */
  readonly messages: readonly string[];
  /** Lines left out of `messages`. */
  readonly messagesOmitted: number;
  /** The refcount structures must be rebuilt: a referenced cluster has refcount 0, or the table or a block is broken. */
  readonly needsRebuild: boolean;
  /**
   * Names a table that could not be reached, so that nobody knows what it refers to: clusters that look lost may belong
   * to it. A repair frees nothing then.
   */
  readonly unknownReferences: string | null;
  /** Set when the check could not go on: QEMU's `Check failed: …` reason. */
  readonly aborted: string | null;
  readonly isDirty: boolean;
  readonly isMarkedCorrupt: boolean;
}
