import { viewOf } from '../bytes/big-endian.ts';
import { readBitmapDirectory, readBitmapTable } from '../format/bitmap-directory.ts';
import type { HostCluster, HostOffset } from '../format/addresses.ts';
import { HEADER } from '../format/header.ts';
import { offsetOf } from '../format/l1-entry.ts';
import { compressedExtentOf, l2KindOf } from '../format/l2-entry.ts';
import type { LongTask } from '../progress.ts';
import type { ClusterReference, ClusterUse } from '../describe/use.ts';
import { refcountBlockOffset } from './count-refcount-blocks.ts';
import { readBytes, readHalves, type SnapshotList, type Subject } from './subject.ts';

/** A pointer to a host cluster, and what the cluster is for its owner. */
export interface FoundReference extends ClusterReference {
  readonly use: ClusterUse;
}

/** Called for a region that something in the image owns; cheap, since most regions are nobody's concern. */
type OnRegion = (offset: HostOffset, size: number, describe: () => FoundReference) => void;

/** Finds who refers to the wanted clusters: one walk over everything, in the order in which the check counts. */
export function* findReferences(
  subject: Subject,
  snapshots: SnapshotList,
  wanted: ReadonlySet<HostCluster>,
): LongTask<Map<HostCluster, FoundReference[]>> {
  const found = new Map<HostCluster, FoundReference[]>([...wanted].map((cluster) => [cluster, []]));
  const { clusterSize } = subject.geometry;
  const clusters = [...wanted].sort((a, b) => a - b);
  const lowest = clusters[0] ?? 0;
  const highest = clusters.at(-1) ?? -1;
  const onRegion: OnRegion = (offset, size, describe) => {
    const first = Math.floor(offset / clusterSize);
    const last = Math.floor((offset + size - 1) / clusterSize);
    if (size <= 0 || last < lowest || first > highest) return;
    if (first === last) {
      found.get(first)?.push(describe());
      return;
    }
    for (const cluster of clusters) {
      if (cluster >= first && cluster <= last) found.get(cluster)!.push(describe());
    }
  };
  yield* visitRegions(subject, snapshots, onRegion);
  return found;
}

function* visitRegions(subject: Subject, snapshots: SnapshotList, onRegion: OnRegion): LongTask<void> {
  const { header, geometry, head } = subject;
  onRegion(0, geometry.clusterSize, () => fixed('header', 'header', 0, HEADER.size));
  yield* visitL1(
    subject,
    { name: 'L1', offset: header.l1TableOffset, entries: header.l1Size, snapshot: false },
    onRegion,
  );
  for (const snapshot of snapshots.entries) {
    if (snapshot.l1TableOffset % geometry.clusterSize !== 0 || snapshot.l1Size > 2 ** 22) continue;
    const name = `snapshot ${snapshot.id} "${snapshot.name}" L1`;
    const l1 = { name, offset: snapshot.l1TableOffset, entries: snapshot.l1Size, snapshot: true };
    yield* visitL1(subject, l1, onRegion);
  }
  onRegion(snapshots.offset, snapshots.size, () =>
    headerPointer('snapshot table', 'snapshot-table', 'snapshotsOffset'),
  );
  onRegion(header.refcountTableOffset, header.refcountTableClusters * geometry.clusterSize, () =>
    headerPointer('refcount table', 'refcount-table', 'refcountTableOffset'),
  );
  const { luks } = head.extensions;
  if (luks !== null)
    onRegion(luks.offset, luks.length, () => fixed('encryption header', 'luks', 0, geometry.clusterSize));
  visitBitmaps(subject, onRegion);
  for (let index = 0; index * 2 < subject.refcountTable.length; index++) {
    const offset = refcountBlockOffset(subject.refcountTable, index);
    if (offset === 0) continue;
    onRegion(offset, geometry.clusterSize, () =>
      fixed(`refcount table[${index}]`, 'refcount-block', header.refcountTableOffset + index * 8, 8),
    );
  }
}

interface L1Visit {
  readonly name: string;
  readonly offset: HostOffset;
  readonly entries: number;
  readonly snapshot: boolean;
}

function* visitL1(subject: Subject, l1: L1Visit, onRegion: OnRegion): LongTask<void> {
  const { storage, geometry } = subject;
  onRegion(l1.offset, l1.entries * 8, () =>
    l1.snapshot
      ? fixed(l1.name, 'snapshot-l1', l1.offset, 8)
      : headerPointer('header: L1 table', 'l1', 'l1TableOffset'),
  );
  const halves = readHalves(storage, l1.offset, l1.entries);
  const table = new Uint8Array(geometry.clusterSize);
  for (let index = 0; index < l1.entries; index++) {
    const high = halves[index * 2]!;
    const low = halves[index * 2 + 1]!;
    if ((high | low) === 0) continue;
    const offset = offsetOf(high, low);
    onRegion(offset, geometry.clusterSize, () => ({
      label: `${l1.name}[${index}]`,
      at: l1.offset + index * 8,
      length: 8,
      guest: { offset: index * geometry.l2Coverage, length: geometry.l2Coverage },
      use: l1.snapshot ? 'snapshot-l2' : 'l2',
    }));
    readBytes(storage, offset, table);
    visitL2(subject, l1, index, { offset, table }, onRegion);
    yield { phase: 'references', done: index + 1, total: l1.entries };
  }
}

function visitL2(
  { geometry, head }: Subject,
  l1: L1Visit,
  l1Index: number,
  { offset, table }: { offset: HostOffset; table: Uint8Array },
  onRegion: OnRegion,
): void {
  const view = viewOf(table);
  for (let at = 0; at < geometry.clusterSize; at += geometry.l2EntrySize) {
    const high = view.getUint32(at);
    const low = view.getUint32(at + 4);
    if ((high | low) === 0) continue;
    const kind = l2KindOf(geometry, high, low);
    const describe = (): FoundReference => {
      const index = at / geometry.l2EntrySize;
      return {
        label: `${l1.name.slice(0, -1)}2[${l1Index}][${index}]`,
        at: offset + at,
        length: geometry.l2EntrySize,
        guest: { offset: l1Index * geometry.l2Coverage + index * geometry.clusterSize, length: geometry.clusterSize },
        use: l1.snapshot ? 'snapshot-data' : kind === 'compressed' ? 'compressed' : 'data',
      };
    };
    if (kind === 'compressed') {
      const { hostOffset, lengthMax } = compressedExtentOf(geometry, high, low);
      onRegion(hostOffset, lengthMax, describe);
    } else if ((kind === 'normal' || kind === 'zero-alloc') && !head.hasDataFile) {
      onRegion(offsetOf(high, low), geometry.clusterSize, describe);
    }
  }
}

function visitBitmaps({ storage, head, geometry }: Subject, onRegion: OnRegion): void {
  const { bitmaps } = head.extensions;
  if (bitmaps === null) return;
  onRegion(bitmaps.directoryOffset, bitmaps.directorySize, () => fixed('bitmap directory', 'bitmap', 0, 8));
  const { entries } = readBitmapDirectory(storage, bitmaps.directoryOffset, bitmaps.directorySize);
  for (const entry of entries) {
    const name = `bitmap "${entry.name}"`;
    onRegion(entry.tableOffset, entry.tableSize * 8, () =>
      fixed(`${name} table`, 'bitmap', bitmaps.directoryOffset + entry.at, entry.length),
    );
    for (const { index, halves } of readBitmapTable(storage, entry)) {
      for (let i = 0; i < halves.length; i += 2) {
        const offset = offsetOf(halves[i]!, halves[i + 1]!);
        const at = index + i / 2;
        if (offset === 0) continue;
        onRegion(offset, geometry.clusterSize, () => fixed(`${name}[${at}]`, 'bitmap', entry.tableOffset + at * 8, 8));
      }
    }
  }
}

function fixed(label: string, use: ClusterUse, at: HostOffset, length: number): FoundReference {
  return { label, use, at, length, guest: null };
}

function headerPointer(
  label: string,
  use: ClusterUse,
  field: 'l1TableOffset' | 'refcountTableOffset' | 'snapshotsOffset',
): FoundReference {
  return fixed(label, use, HEADER.fields[field].at, 8);
}
