import { ceilDiv } from '../bytes/align.ts';
import { EngineError, StepFailure } from '../errors.ts';
import { HEADER } from '../format/header.ts';
import {
  encodeSnapshotTable,
  readSnapshotTable,
  SNAPSHOT_TABLE_SIZE_MAX,
  SNAPSHOTS_MAX,
  type SnapshotEntry,
  type SnapshotFields,
} from '../format/snapshot-table.ts';
import { flushImage, writeTablesDurably } from '../image/flush.ts';
import { countAndOffset, switchPointer } from '../image/header-pointer.ts';
import type { Image } from '../image/image.ts';
import { L1Table } from '../image/l1-table.ts';
import { judgeSnapshotL1 } from '../image/snapshot-l1.ts';
import { freeingOnFailure } from '../image/undo-allocation.ts';
import { growL1Table } from './grow-l1.ts';
import { resizeImage } from './resize.ts';
import { addReferences, overflowIn } from './snapshot-references.ts';

export interface NewSnapshot {
  readonly name: string;
  /** When, in seconds and nanoseconds since 1970. */
  readonly dateSeconds: number;
  readonly dateNanoseconds: number;
}

/**
 * Keeps the present content of the disk as an internal snapshot: a copy of the L1 table, and one more reference to all
 * that it reaches. A crash in between leaks clusters and leaves the disk as it was.
 * @throws EngineError invalid-argument when refcounts would overflow, uncounted or too-large when no refcount block counts
 *   a cluster or ever could; too-large when there are too many snapshots
 */
export function createSnapshot(image: Image, { name, dateSeconds, dateNanoseconds }: NewSnapshot): void {
  image.mustBeWritable();
  refuseDataFile(image);
  if (image.snapshots.length >= SNAPSHOTS_MAX) throw new EngineError('too-large', 'Too many snapshots.');
  flushImage(image);
  const { allocator, file, geometry, l1 } = image;
  const overflow = overflowIn(image, l1.bytes());
  const l1TableOffset = allocator.allocate(ceilDiv(l1.entryCount * 8, geometry.clusterSize));
  file.write(l1TableOffset, l1.bytes(), 'snapshot-l1');
  // As in QEMU, the copy is lost space when the snapshot is refused here; nothing else has changed then.
  if (overflow !== null) throw overflow;

  const table = l1.bytes().slice();
  const flagsChanged = addReferences(image, table, 1);
  writeTablesDurably(image);
  if (flagsChanged) replaceL1(image, table);
  writeSnapshotTable(image, [
    ...image.snapshots,
    {
      l1TableOffset,
      l1Size: l1.entryCount,
      id: nextId(image.snapshots),
      name,
      dateSeconds,
      dateNanoseconds,
      vmClock: 0n,
      vmStateSize: 0,
      diskSize: image.virtualSize,
      icount: 0n,
      unknownExtraData: new Uint8Array(0),
    },
  ]);
}

/**
 * Makes the disk what it was when the snapshot was taken. The new L1 table reaches the disk only when everything that it
 * refers to counts once more and no COPIED flag stands on it: a crash in the middle leaks clusters, but no write after it
 * can change the snapshot.
 * @throws EngineError unsupported where persistent bitmaps would miss the change; StepFailure
 */
export function applySnapshot(image: Image, snapshot: SnapshotEntry): void {
  image.mustBeWritable();
  if (image.bitmaps.list.length > 0) throw new EngineError('unsupported', 'Device has active dirty bitmaps');
  try {
    goToSnapshot(image, snapshot);
  } catch (cause) {
    throw StepFailure.of('Failed to load snapshot', cause);
  }
}

function goToSnapshot(image: Image, snapshot: SnapshotEntry): void {
  refuseDataFile(image);
  judgeSnapshotL1(snapshot, image.geometry.clusterSize);
  const diskSize = snapshot.diskSize ?? image.virtualSize;
  if (diskSize !== image.virtualSize) resizeImage(image, diskSize);
  flushImage(image);
  growL1Table(image, snapshot.l1Size);
  const table = new Uint8Array(image.l1.entryCount * 8);
  image.file.read(snapshot.l1TableOffset, table.subarray(0, snapshot.l1Size * 8));
  const before = image.l1.bytes().slice();
  const overflow = overflowIn(image, table);
  if (overflow !== null) throw overflow;
  addReferences(image, table, 1);
  writeTablesDurably(image);
  replaceL1(image, table);
  addReferences(image, before, -1);
  writeTablesDurably(image);
  if (addReferences(image, table, 0)) replaceL1(image, table);
  writeTablesDurably(image);
}

/** Forgets a snapshot and gives back what only it referred to. A crash in between leaks clusters. */
export function deleteSnapshot(image: Image, snapshot: SnapshotEntry): void {
  image.mustBeWritable();
  refuseDataFile(image);
  judgeSnapshotL1(snapshot, image.geometry.clusterSize);
  flushImage(image);
  const table = new Uint8Array(snapshot.l1Size * 8);
  image.file.read(snapshot.l1TableOffset, table);
  writeSnapshotTable(
    image,
    image.snapshots.filter((other) => other !== snapshot),
  );
  try {
    addReferences(image, table, -1);
  } catch (cause) {
    throw StepFailure.of('Failed to free the cluster and L1 table', cause);
  }
  image.allocator.free(snapshot.l1TableOffset, ceilDiv(table.length, image.geometry.clusterSize));
  writeTablesDurably(image);
  try {
    const active = image.l1.bytes().slice();
    if (addReferences(image, active, 0)) replaceL1(image, active);
  } catch (cause) {
    throw StepFailure.of('Failed to update snapshot status in disk', cause);
  }
  writeTablesDurably(image);
}

/** A snapshot of the tables alone would not keep what stands in another file. */
function refuseDataFile({ geometry }: Image): void {
  if (geometry.hasDataFile) throw new EngineError('unsupported', 'Operation not supported');
}

/** By id first, then by name, as `qemu-img snapshot -a` looks. */
export function findSnapshot(image: Image, idOrName: string): SnapshotEntry | null {
  return (
    image.snapshots.find(({ id }) => id === idOrName) ?? image.snapshots.find(({ name }) => name === idOrName) ?? null
  );
}

function nextId(snapshots: readonly SnapshotEntry[]): string {
  return String(1 + snapshots.reduce((max, { id }) => Math.max(max, Number.parseInt(id, 10) || 0), 0));
}

function replaceL1(image: Image, table: Uint8Array): void {
  image.l1.replace(image.file, table);
  image.file.flush('flush-ordering');
}

/** Writes a new snapshot table, durably, then points the header to it (12 bytes within one sector) and frees the old. */
export function writeSnapshotTable(image: Image, snapshots: readonly SnapshotFields[]): void {
  const { allocator, file, geometry, header } = image;
  const bytes = encodeSnapshotTable(snapshots, image.virtualSize);
  if (bytes.length > SNAPSHOT_TABLE_SIZE_MAX) {
    throw new EngineError('too-large', 'The snapshot table would exceed 64 MiB.');
  }
  const clusterCount = ceilDiv(bytes.length, geometry.clusterSize);
  const hostOffset = clusterCount === 0 ? 0 : allocator.allocate(clusterCount);
  const written = freeingOnFailure(image, hostOffset, clusterCount, () => {
    if (clusterCount > 0) {
      image.refcounts.blocks.writeAll();
      file.write(hostOffset, bytes, 'snapshot-table');
      file.flush('flush-ordering');
    }
    // Read now: once the header has switched, nothing may keep memory from following.
    return [...readSnapshotTable(image.storage, hostOffset, snapshots.length)];
  });
  switchPointer(file, {
    at: HEADER.fields.snapshotCount.at,
    before: countAndOffset(header.snapshotCount, header.snapshotsOffset),
    after: countAndOffset(snapshots.length, hostOffset),
    why: 'snapshot-table',
  });

  const old = { hostOffset: header.snapshotsOffset, last: image.snapshots.at(-1) };
  header.snapshotCount = snapshots.length;
  header.snapshotsOffset = hostOffset;
  image.snapshots = written;
  if (old.last !== undefined) {
    const oldLength = old.last.at + old.last.length - old.hostOffset;
    allocator.freeUnreferenced(old.hostOffset, ceilDiv(oldLength, geometry.clusterSize));
  }
}

/** Turns an image that was opened read-only into what its disk was when a snapshot was taken. */
export function viewSnapshot(image: Image, snapshot: SnapshotEntry): void {
  judgeSnapshotL1(snapshot, image.geometry.clusterSize);
  image.l1 = L1Table.read(image.file, snapshot.l1TableOffset, snapshot.l1Size);
  image.header.virtualSize = snapshot.diskSize ?? image.header.virtualSize;
}
