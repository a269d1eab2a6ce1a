import { viewOf } from '../bytes/big-endian.ts';
import type { ClusterReference, ClusterUse } from '../describe/use.ts';
import type { HostOffset } from '../format/addresses.ts';
import { readBitmapDirectory, readBitmapTable } from '../format/bitmap-directory.ts';
import { HEADER } from '../format/header.ts';
import { offsetOf } from '../format/l1-entry.ts';
import { compressedExtentOf, l2KindOf } from '../format/l2-entry.ts';
import { hasAlignedL1 } from '../format/snapshot-table.ts';
import type { LongTask } from '../progress.ts';
import { Announcer } from '../storage/announcer.ts';
import { L1_ENTRIES_MAX } from './count-references.ts';
import { refcountBlockOffset } from './count-refcount-blocks.ts';
import { readBytes, readHalves, type SnapshotList, type Subject } from './subject.ts';

/** Called for every region that something in the image owns; the description is made only where it is wanted. */
export type OnRegion = (offset: HostOffset, size: number, use: ClusterUse, describe: () => ClusterReference) => void;

/** Visits everything that the check counts, in its order, without judging: broken pointers are visited like others. */
export function* visitRegions(subject: Subject, snapshots: SnapshotList, onRegion: OnRegion): LongTask<void> {
  const { header, geometry, head } = subject;
  const { clusterSize } = geometry;
  onRegion(0, clusterSize, 'header', () => plain('header', 0, HEADER.size));
  yield* visitL1(subject, activeL1(subject), onRegion);
  for (const snapshot of snapshots.entries) {
    const { id, name, l1TableOffset, l1Size } = snapshot;
    if (!hasAlignedL1(snapshot, clusterSize) || l1Size > L1_ENTRIES_MAX) continue;
    const prefix = `snapshot ${id} "${name}" `;
    yield* visitL1(subject, { prefix, offset: l1TableOffset, entries: l1Size, role: 'snapshot' }, onRegion);
  }
  onRegion(snapshots.offset, snapshots.size, 'snapshot-table', () =>
    headerPointer('header: snapshot table', 'snapshotsOffset'),
  );
  onRegion(header.refcountTableOffset, header.refcountTableClusters * clusterSize, 'refcount-table', () =>
    headerPointer('header: refcount table', 'refcountTableOffset'),
  );
  const { luks } = head.extensions;
  if (luks !== null) {
    onRegion(luks.offset, luks.length, 'luks', () => plain('header: encryption header', 0, clusterSize));
  }
  visitBitmaps(subject, onRegion);
  for (let index = 0; index * 2 < subject.refcountTable.length; index++) {
    const offset = refcountBlockOffset(subject.refcountTable, index);
    if (offset === 0) continue;
    onRegion(offset, clusterSize, 'refcount-block', () =>
      plain(`refcount table[${index}]`, header.refcountTableOffset + index * 8, 8),
    );
  }
}

interface L1Visit {
  /** What stands before `L1[…]` in a label. */
  readonly prefix: string;
  readonly role: 'active' | 'snapshot';
  readonly offset: HostOffset;
  readonly entries: number;
}

function activeL1({ header }: Subject): L1Visit {
  return { prefix: '', role: 'active', offset: header.l1TableOffset, entries: header.l1Size };
}

function* visitL1(subject: Subject, l1: L1Visit, onRegion: OnRegion): LongTask<void> {
  const { storage, geometry } = subject;
  const isActive = l1.role === 'active';
  onRegion(l1.offset, l1.entries * 8, isActive ? 'l1' : 'snapshot-l1', () =>
    isActive
      ? headerPointer('header: L1 table', 'l1TableOffset')
      : headerPointer(`${l1.prefix}L1 table`, 'snapshotsOffset'),
  );
  const halves = readHalves(storage, l1.offset, l1.entries);
  const table = new Uint8Array(geometry.clusterSize);
  const announcer = new Announcer(storage, {
    count: l1.entries,
    size: geometry.clusterSize,
    offsetAt: (index) => offsetOf(halves[index * 2]!, halves[index * 2 + 1]!),
  });
  for (let index = 0; index < l1.entries; index++) {
    const high = halves[index * 2]!;
    const low = halves[index * 2 + 1]!;
    if ((high | low) === 0) continue;
    const offset = offsetOf(high, low);
    onRegion(offset, geometry.clusterSize, isActive ? 'l2' : 'snapshot-l2', () => ({
      label: `${l1.prefix}L1[${index}]`,
      at: l1.offset + index * 8,
      length: 8,
      guest: { offset: index * geometry.l2Coverage, length: geometry.l2Coverage },
    }));
    announcer.reach(index);
    readBytes(storage, offset, table);
    visitL2(subject, l1, { index, offset, table }, onRegion);
    yield { phase: 'references', done: index + 1, total: l1.entries };
  }
}

interface L2Visit {
  readonly index: number;
  readonly offset: HostOffset;
  readonly table: Uint8Array;
}

function visitL2({ geometry, head }: Subject, l1: L1Visit, l2: L2Visit, onRegion: OnRegion): void {
  const view = viewOf(l2.table);
  const { l2EntrySize, clusterSize, l2Coverage } = geometry;
  for (let at = 0; at < clusterSize; at += l2EntrySize) {
    const high = view.getUint32(at);
    const low = view.getUint32(at + 4);
    if ((high | low) === 0) continue;
    const describe = (): ClusterReference => {
      const index = at / l2EntrySize;
      return {
        label: `${l1.prefix}L2[${l2.index}][${index}]`,
        at: l2.offset + at,
        length: l2EntrySize,
        guest: { offset: l2.index * l2Coverage + index * clusterSize, length: clusterSize },
      };
    };
    const kind = l2KindOf(geometry, high, low);
    if (kind === 'compressed') {
      const { hostOffset, lengthMax } = compressedExtentOf(geometry, high, low);
      onRegion(hostOffset, lengthMax, l1.role === 'active' ? 'compressed' : 'snapshot-data', describe);
    } else if ((kind === 'normal' || kind === 'zero-alloc') && !head.hasDataFile) {
      onRegion(offsetOf(high, low), clusterSize, l1.role === 'active' ? 'data' : 'snapshot-data', describe);
    }
  }
}

function visitBitmaps({ storage, head, geometry }: Subject, onRegion: OnRegion): void {
  const { bitmaps } = head.extensions;
  if (bitmaps === null) return;
  const { directoryOffset, directorySize } = bitmaps;
  onRegion(directoryOffset, directorySize, 'bitmap', () => plain('header: bitmap directory', 0, geometry.clusterSize));
  for (const entry of readBitmapDirectory(storage, directoryOffset, directorySize).entries) {
    const name = `bitmap "${entry.name}"`;
    onRegion(entry.tableOffset, entry.tableSize * 8, 'bitmap', () =>
      plain(`${name} table`, directoryOffset + entry.at, entry.length),
    );
    for (const { index, halves } of readBitmapTable(storage, entry)) {
      for (let i = 0; i < halves.length; i += 2) {
        const offset = offsetOf(halves[i]!, halves[i + 1]!);
        if (offset === 0) continue;
        const entryIndex = index + i / 2;
        onRegion(offset, geometry.clusterSize, 'bitmap', () =>
          plain(`${name}[${entryIndex}]`, entry.tableOffset + entryIndex * 8, 8),
        );
      }
    }
  }
}

function plain(label: string, at: HostOffset, length: number): ClusterReference {
  return { label, at, length, guest: null };
}

function headerPointer(
  label: string,
  field: 'l1TableOffset' | 'refcountTableOffset' | 'snapshotsOffset',
): ClusterReference {
  return plain(label, HEADER.fields[field].at, 8);
}
