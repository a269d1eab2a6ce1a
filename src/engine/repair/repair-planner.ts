import { viewOf } from '../bytes/big-endian.ts';
import { refcountBlockOffset } from '../check/count-refcount-blocks.ts';
import type { Mender } from '../check/mender.ts';
import type { ReferenceMap } from '../check/reference-map.ts';
import type { CheckReport, RepairMode } from '../check/report.ts';
import { readSubject, type SnapshotList, type Subject } from '../check/subject.ts';
import type { HostCluster, HostOffset } from '../format/addresses.ts';
import { CORRUPT_BIT, DIRTY_BIT } from '../format/features.ts';
import { HEADER } from '../format/header.ts';
import { setRefcount } from '../format/refcount-block.ts';
import type { LongTask } from '../progress.ts';
import { ACTIVE_L1, overlappedStructure } from './overlap.ts';
import type { PlanStorage } from './plan-storage.ts';
import { rebuildRefcounts } from './rebuild-refcounts.ts';
import { moveSnapshotTable } from './move-snapshot-table.ts';
import type { RepairStepKind } from './step.ts';

/** Lines kept beside a step. */
const STEP_MESSAGES_MAX = 1000;
/** The largest file that a repair brings about by growing; beyond it an entry is taken for broken. */
const FILE_SIZE_MAX = 2 ** 53;

/**
 * Writes what the check wants mended into the planned image and divides it into steps. The order of the steps is what
 * makes them safe: whatever a step relies on was made durable by an earlier one.
 */
export class RepairPlanner implements Mender {
  readonly mode: RepairMode;
  hasEnded = false;
  readonly #isOneRun: boolean;
  readonly #storage: PlanStorage;
  #subject: Subject;
  #kind: RepairStepKind | null = null;
  #count = 0;
  #messages: string[] = [];
  #raised: { readonly cluster: HostCluster; readonly refcount: number }[] = [];
  #raisedMessages: string[] = [];
  #isRaising = false;
  #hasRebuilt = false;
  /** The L2 table that was last found to lie where no other structure does. */
  #provenTable = -1;
  /** Under the active L1 table; undefined before anybody asked. */
  #underL1: string | null | undefined = undefined;
  /** A reference is given up: whoever should still hold it would lose the cluster, or find it changed by another. */
  dropsReferences = false;

  constructor(storage: PlanStorage, mode: RepairMode, isOneRun: boolean) {
    this.#isOneRun = isOneRun;
    this.#storage = storage;
    this.#subject = readSubject(storage);
    this.mode = mode;
  }

  said(line: string): void {
    const messages = this.#isRaising ? this.#raisedMessages : this.#messages;
    if (messages.length < STEP_MESSAGES_MAX) messages.push(line);
  }

  foundCorrupt(): boolean {
    if (this.#isOneRun) return false;
    this.#end();
    if (this.#subject.geometry.version === 3) this.#setMark(CORRUPT_BIT, true, 'mark-corrupt');
    this.hasEnded = true;
    return true;
  }

  structureUnder(tableOffset: HostOffset): string | null {
    if (tableOffset === this.#provenTable) return null;
    const length = this.#subject.geometry.clusterSize;
    const name = overlappedStructure(this.#subject, { offset: tableOffset, length });
    if (name === null) this.#provenTable = tableOffset;
    return name;
  }

  structureUnderL1(): string | null {
    const { l1TableOffset, l1Size } = this.#subject.header;
    const table = { offset: l1TableOffset, length: l1Size * 8 };
    if (this.#underL1 === undefined) this.#underL1 = overlappedStructure(this.#subject, table, ACTIVE_L1);
    return this.#underL1;
  }

  zeroL2Entry(at: HostOffset, entry: Uint8Array): void {
    this.#begin('mend-entry');
    this.#storage.write(at, entry, 'repair-l2');
  }

  setL1Entry(at: HostOffset, entry: Uint8Array): void {
    this.#begin('fix-copied-flags');
    this.#storage.write(at, entry, 'repair-l1');
  }

  setL2Entry(at: HostOffset, entry: Uint8Array): void {
    this.#begin('fix-copied-flags');
    this.#storage.write(at, entry, 'repair-l2');
  }

  growFile(size: number): boolean {
    if (size > FILE_SIZE_MAX) return false;
    this.#begin('grow-file');
    this.#storage.truncate(size);
    return true;
  }

  setRefcount(cluster: HostCluster, refcount: number, wasLeaked: boolean): void {
    this.#isRaising = !wasLeaked;
    if (this.hasEnded) return;
    if (!wasLeaked) {
      this.#raised.push({ cluster, refcount });
      return;
    }
    this.#begin(this.#hasRebuilt ? 'free-old-refcounts' : 'lower-refcounts');
    this.#writeRefcount(cluster, refcount);
    if (!this.#hasRebuilt) this.dropsReferences = true;
    if (refcount > 0) return;
    const { clusterSize } = this.#subject.geometry;
    const at = cluster * clusterSize;
    this.#storage.discard(at, Math.min(clusterSize, this.#storage.size - at), 'repair-discard');
  }

  finishRefcounts(): void {
    this.#isRaising = false;
    this.#end();
    if (this.#raised.length === 0) return;
    this.#begin('raise-refcounts');
    for (const { cluster, refcount } of this.#raised) this.#writeRefcount(cluster, refcount);
    this.#count = this.#raised.length;
    this.#messages = this.#raisedMessages;
    this.#raised = [];
    this.#raisedMessages = [];
    this.#end();
  }

  *rebuildRefcounts(map: ReferenceMap): LongTask<void> {
    const messages = this.#messages.splice(-1);
    this.#end();
    this.dropsReferences = true;
    this.#messages = messages;
    const built = yield* rebuildRefcounts(this.#storage, this.#subject, map);
    // The new structures lie in free space, so nothing depends on them yet. They must be durable before the header
    // points to them: a header that persisted alone would leave the image without refcounts.
    this.#storage.write(built.tableOffset, built.table, 'repair-reftable');
    this.#storage.endStep('write-new-refcount-table', { count: built.tableClusters, messages: [] });
    const pointer = new Uint8Array(12);
    viewOf(pointer).setBigUint64(0, BigInt(built.tableOffset));
    viewOf(pointer).setUint32(8, built.tableClusters);
    // One sector: either the old structures are in force, or the new ones.
    this.#storage.write(HEADER.fields.refcountTableOffset.at, pointer, 'repair-header');
    this.#storage.endStep('switch-to-new-refcounts', { count: 1, messages: this.#messages });
    this.#messages = [];
    this.#subject = readSubject(this.#storage);
    this.#provenTable = -1;
    this.#underL1 = undefined;
    this.#hasRebuilt = true;
  }

  cutSnapshots(count: number): void {
    this.#begin('mend-snapshot-table');
    const bytes = new Uint8Array(4);
    viewOf(bytes).setUint32(0, count);
    this.#storage.write(HEADER.fields.snapshotCount.at, bytes, 'repair-header');
  }

  rewriteSnapshotTable(snapshots: SnapshotList, map: ReferenceMap): void {
    this.#end();
    this.dropsReferences = true;
    moveSnapshotTable(this.#storage, snapshots, {
      dangling: map.dangling,
      writeRefcount: (cluster, refcount) => this.#writeRefcount(cluster, refcount),
    });
  }

  /**
   * The last steps: the marks come off only when the refcounts are known to be right, and the dirty bit last of all.
   * Returns whether none is left.
   */
  finish({ aborted, counters }: CheckReport): boolean {
    this.#end();
    if (aborted !== null || counters.checkErrors > 0 || counters.corruptions > 0) return false;
    this.#setMark(CORRUPT_BIT, false, 'clear-corrupt-bit');
    this.#setMark(DIRTY_BIT, false, 'clear-dirty-bit');
    return true;
  }

  #setMark(bit: bigint, isSet: boolean, kind: 'mark-corrupt' | 'clear-corrupt-bit' | 'clear-dirty-bit'): void {
    const { incompatibleFeatures } = readSubject(this.#storage).header;
    const wanted = isSet ? incompatibleFeatures | bit : incompatibleFeatures & ~bit;
    if (wanted === incompatibleFeatures) return;
    const bytes = new Uint8Array(8);
    viewOf(bytes).setBigUint64(0, wanted);
    const purpose = kind === 'clear-dirty-bit' ? 'header-clean' : 'repair-header';
    this.#storage.write(HEADER.fields.incompatibleFeatures.at, bytes, purpose);
    this.#storage.endStep(kind, { count: 1, messages: [] });
  }

  #begin(kind: RepairStepKind): void {
    if (this.#kind !== kind) this.#end();
    this.#kind = kind;
    this.#count += 1;
  }

  #end(): void {
    if (this.#kind !== null) {
      this.#storage.endStep(this.#kind, { count: this.#count, messages: this.#messages });
      this.#messages = [];
    }
    this.#kind = null;
    this.#count = 0;
  }

  #writeRefcount(cluster: HostCluster, refcount: number): void {
    const { geometry, refcountTable } = this.#subject;
    const { refcountBlockEntries, refcountBits } = geometry;
    const blockIndex = Math.floor(cluster / refcountBlockEntries);
    const block = refcountBlockOffset(refcountTable, blockIndex);
    const bit = (cluster - blockIndex * refcountBlockEntries) * refcountBits;
    // The 8 bytes around the entry are enough, whatever its width.
    const at = block + Math.floor(bit / 64) * 8;
    const word = new Uint8Array(8);
    this.#storage.read(at, word);
    setRefcount(word, refcountBits, (bit % 64) / refcountBits, refcount);
    this.#storage.write(at, word, 'repair-refblock');
  }
}
