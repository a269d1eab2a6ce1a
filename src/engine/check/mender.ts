import type { HostCluster, HostOffset } from '../format/addresses.ts';
import type { LongTask } from '../progress.ts';
import type { ReferenceMap } from './reference-map.ts';
import type { RepairMode } from './report.ts';
import type { SnapshotList } from './subject.ts';

/**
 * Mends while the passes check: QEMU's repair is a check that corrects what it meets. The check knows only this
 * interface; `repair/` implements it and decides how the changes become durable.
 */
export interface Mender {
  readonly mode: RepairMode;
  /** The image was marked corrupt, so that nothing goes through it any more: what is left takes another run. */
  readonly hasEnded: boolean;
  /** Hears that refcounts lie where none can. True where that ends the repair, as above; else it goes on. */
  foundCorrupt(): boolean;
  /** Hears QEMU's lines about what it mends. */
  said(line: string): void;
  /** The structure that would break if the L2 table at `tableOffset` were written, in QEMU's words; null if none would. */
  structureUnder(tableOffset: HostOffset): string | null;
  /** The same for the active L1 table. */
  structureUnderL1(): string | null;
  /** Makes the L2 entry (8 or 16 bytes at `at`) read as zeros without a host cluster. */
  zeroL2Entry(at: HostOffset, entry: Uint8Array): void;
  setL1Entry(at: HostOffset, entry: Uint8Array): void;
  setL2Entry(at: HostOffset, entry: Uint8Array): void;
  setRefcount(cluster: HostCluster, refcount: number, wasLeaked: boolean): void;
  /** The refcounts set so far become a step of their own. */
  finishRefcounts(): void;
  /** Writes refcount structures that say what `map` counted, and puts them in the place of the old ones. */
  rebuildRefcounts(map: ReferenceMap): LongTask<void>;
  /** Makes the file at least this long; false if that cannot be. */
  growFile(size: number): boolean;
  /** Cuts the list of snapshots in the header to the first `count`. */
  cutSnapshots(count: number): void;
  /** Writes the snapshot table anew in clusters that nobody in `map` claims. */
  rewriteSnapshotTable(snapshots: SnapshotList, map: ReferenceMap): void;
}
