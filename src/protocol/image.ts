import type {
  Annotation,
  BytePlace,
  CheckReport,
  ClusterDetail,
  ClusterMap,
  Progress,
  RepairMode,
  RepairStep,
  StructureNode,
} from '#engine';
import type { ImageId, ImageProblem, ImageSummary } from './library.ts';

export interface HeaderRow {
  readonly field: string;
  readonly at: number;
  readonly length: number;
  /** Bytes in hex. */
  readonly hex: string;
  readonly value: string;
  readonly meaning: string;
}

export interface FeatureRow {
  readonly kind: 'incompatible' | 'compatible' | 'autoclear';
  readonly bit: number;
  readonly name: string;
  readonly isSet: boolean;
  readonly isKnown: boolean;
}

export interface ExtensionRow {
  readonly magic: number;
  readonly name: string;
  readonly at: number;
  readonly length: number;
  readonly value: string;
}

export interface SnapshotRow {
  readonly id: string;
  readonly name: string;
  readonly dateSeconds: number;
  readonly vmStateSize: number;
  readonly virtualSize: number;
}

/** One file of a backing chain; `granted` is the image that the user gave for it, if any. */
export interface ChainLink {
  readonly name: string;
  readonly format: string | null;
  readonly granted: ImageId | null;
}

/** An external data file; `file` is the file of the library that stands for it, if any. */
export interface DataFileLink {
  /** As the image names it; null where it names none. */
  readonly name: string | null;
  /** Whether it is the disk by itself too. */
  readonly isRaw: boolean;
  readonly file: { readonly id: ImageId; readonly name: string } | null;
}

/** What a part of the guest's disk is. */
export const GUEST_USES = ['unallocated', 'zero', 'data', 'compressed', 'backing'] as const;
export type GuestUse = (typeof GUEST_USES)[number];

/** A run of the guest's disk with one answer to where its bytes are. */
export interface GuestExtent {
  readonly at: number;
  readonly length: number;
  readonly use: GuestUse;
  /** Where its bytes stand in the file that has them; null where nothing is. */
  readonly hostOffset: number | null;
}

/** A file of the library, and the header in it as it stands. */
export interface HeaderView {
  readonly id: ImageId;
  readonly name: string;
  readonly place: 'browser' | 'local-file';
  readonly fileSize: number;
  readonly unsavedChanges: number;
  readonly header: readonly HeaderRow[];
  readonly features: readonly FeatureRow[];
  readonly extensions: readonly ExtensionRow[];
  /** What `qemu-img info` prints for the same file. */
  readonly info: string;
}

export interface ImageOverview extends HeaderView {
  readonly summary: ImageSummary;
  readonly snapshots: readonly SnapshotRow[];
  readonly chain: readonly ChainLink[];
  /** Of an encrypted image: its passphrase was given, and its data can be read. */
  readonly isUnlocked: boolean;
  readonly dataFile: DataFileLink | null;
}

/** Why a file cannot be opened as an image, and what its header says all the same. */
export interface ImageRefusal extends HeaderView {
  readonly problem: ImageProblem;
  /** Bytes that are in the way, the first is the one to look at. */
  readonly places: readonly BytePlace[];
  /** Null where the header names no magic, no known version or no cluster size that the format allows. */
  readonly clusterSize: number | null;
}

/** The verdict in words rests on these; `explain` of the engine makes the sentence. */
export interface Verdict {
  readonly level: 'sound' | 'leaks' | 'needs-repair' | 'damaged' | 'unreadable';
  readonly sentence: string;
  readonly detail: string;
}

export interface CheckOutcome {
  readonly report: CheckReport;
  readonly verdict: Verdict;
  /** What a terminal shows of `qemu-img check`, and its exit code. */
  readonly transcript: string;
  readonly exitCode: number;
}

export interface RepairPreview {
  /** Names the plan for `image.applyRepair`; void once the image changes. */
  readonly planId: string;
  readonly mode: RepairMode;
  readonly steps: readonly RepairStep[];
  readonly refused: string | null;
}

export interface RepairResult {
  readonly before: CheckOutcome;
  readonly after: CheckOutcome;
  readonly mapBefore: ClusterMap;
  readonly mapAfter: ClusterMap;
}

export interface ChangedRange {
  readonly at: number;
  readonly length: number;
}

export type ImageProgress = Progress;
export type { Annotation, BytePlace, CheckReport, ClusterDetail, ClusterMap, RepairMode, RepairStep, StructureNode };
