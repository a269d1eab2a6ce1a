import type { HostCluster, HostOffset } from '../format/addresses.ts';
import type { Image } from './image.ts';
import { L1Table } from './l1-table.ts';
import { judgeSnapshotL1 } from './snapshot-l1.ts';

/** What a write would hit, in QEMU's words. */
export type MetadataName =
  | 'qcow2_header'
  | 'active L1 table'
  | 'active L2 table'
  | 'refcount table'
  | 'refcount block'
  | 'snapshot table'
  | 'inactive L1 table'
  | 'inactive L2 table'
  | 'bitmap directory';

const CONSTANT: readonly MetadataName[] = [
  'qcow2_header',
  'active L1 table',
  'refcount table',
  'snapshot table',
  'bitmap directory',
];
const CACHED: readonly MetadataName[] = [...CONSTANT, 'active L2 table', 'refcount block', 'inactive L1 table'];

/** Which kinds of metadata are guarded, by the names of QEMU's `overlap-check` option. */
export const OVERLAP_TEMPLATES: Readonly<Record<string, readonly MetadataName[]>> = {
  none: [],
  constant: CONSTANT,
  cached: CACHED,
  all: [...CACHED, 'inactive L2 table'],
};

/**
 * Knows which host clusters hold metadata, and names what a write of guest data or of a new table would destroy. Such a
 * write comes from wrong refcounts or a wrong L2 entry. QEMU calls the same test its overlap check.
 */
export class MetadataGuard {
  readonly #image: Image;
  /** L2 tables and refcount blocks, by kind: a broken image may use a cluster twice. Null until the first write asks. */
  #tables: ReadonlyMap<MetadataName, Set<HostCluster>> | null = null;

  /** The kinds of metadata that are looked at. */
  readonly #checks: ReadonlySet<MetadataName>;

  constructor(image: Image, checks: ReadonlySet<MetadataName>) {
    this.#image = image;
    this.#checks = checks;
  }

  /** The metadata that the host range overlaps, or null; `own` is what may be there. */
  overlapOf(at: HostOffset, length: number, own: readonly MetadataName[] = []): MetadataName | null {
    this.#tables ??= this.#collect();
    const first = this.#image.clusterOf(at);
    const last = this.#image.clusterOf(at + length - 1);
    const isGuarded = (name: MetadataName) => this.#checks.has(name) && !own.includes(name);
    for (const [name, start, clusterCount] of this.#areas()) {
      if (isGuarded(name) && clusterCount > 0 && first < start + clusterCount && start <= last) return name;
    }
    for (const [name, clusters] of this.#tables) {
      if (!isGuarded(name)) continue;
      // Counted from 0: far out, one cluster more is the same number.
      for (let index = 0; index <= last - first; index++) if (clusters.has(first + index)) return name;
    }
    return null;
  }

  add(hostOffset: HostOffset, name: MetadataName): void {
    this.#tables?.get(name)?.add(this.#image.clusterOf(hostOffset));
  }

  /** A cluster was released and may hold anything from now on. */
  remove(cluster: HostCluster): void {
    for (const clusters of this.#tables?.values() ?? []) clusters.delete(cluster);
  }

  /** Tables are collected again when the next write asks. */
  clear(): void {
    this.#tables = null;
  }

  /** Name, first cluster and cluster count of what lies in one piece. */
  *#areas(): Generator<readonly [MetadataName, HostCluster, number]> {
    const { header, snapshots, geometry, l1 } = this.#image;
    const { clusterSize } = geometry;
    const area = (name: MetadataName, offset: HostOffset, length: number) =>
      [name, Math.floor(offset / clusterSize), Math.ceil(length / clusterSize)] as const;
    yield ['qcow2_header', 0, 1];
    yield area('active L1 table', l1.hostOffset, l1.entryCount * 8);
    yield area('refcount table', header.refcountTableOffset, header.refcountTableClusters * clusterSize);
    const lastSnapshot = snapshots.at(-1);
    if (lastSnapshot !== undefined) {
      const end = lastSnapshot.at + lastSnapshot.length;
      yield area('snapshot table', header.snapshotsOffset, end - header.snapshotsOffset);
    }
    for (const { l1TableOffset, l1Size } of snapshots) yield area('inactive L1 table', l1TableOffset, l1Size * 8);
    const { directory } = this.#image.bitmaps;
    if (directory !== null) yield area('bitmap directory', directory.directoryOffset, directory.directorySize);
  }

  #collect(): ReadonlyMap<MetadataName, Set<HostCluster>> {
    const { l1, refcounts } = this.#image;
    const clustersOf = (offsets: Iterable<HostOffset>) => {
      const clusters = new Set<HostCluster>();
      for (const offset of offsets) if (offset !== 0) clusters.add(this.#image.clusterOf(offset));
      return clusters;
    };
    const activeOffsets = Array.from({ length: l1.entryCount }, (_, index) => l1.l2OffsetAt(index));
    return new Map([
      ['active L2 table', clustersOf(activeOffsets)],
      ['refcount block', clustersOf(refcounts.table)],
      ['inactive L2 table', clustersOf(this.#checks.has('inactive L2 table') ? this.#inactiveL2Offsets() : [])],
    ]);
  }

  *#inactiveL2Offsets(): Generator<HostOffset> {
    const { file, geometry, snapshots } = this.#image;
    for (const snapshot of snapshots) {
      judgeSnapshotL1(snapshot, geometry.clusterSize);
      const l1 = L1Table.read(file, snapshot.l1TableOffset, snapshot.l1Size);
      for (let index = 0; index < l1.entryCount; index++) yield l1.l2OffsetAt(index);
    }
  }
}
