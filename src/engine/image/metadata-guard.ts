import { viewOf } from '../bytes/big-endian.ts';
import type { HostCluster, HostOffset } from '../format/addresses.ts';
import { offsetOf } from '../format/l1-entry.ts';
import type { Image } from './image.ts';

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
  /** L2 tables and refcount blocks; null until the first write asks. */
  #tables: Map<HostCluster, MetadataName> | null = null;

  /** The kinds of metadata that are looked at. */
  readonly #checks: ReadonlySet<MetadataName>;

  constructor(image: Image, checks: ReadonlySet<MetadataName>) {
    this.#image = image;
    this.#checks = checks;
  }

  /** The metadata that the host range overlaps, or null. */
  overlapOf(at: HostOffset, length: number): MetadataName | null {
    this.#tables ??= this.#collect();
    const first = this.#image.clusterOf(at);
    const last = this.#image.clusterOf(at + length - 1);
    for (const [name, start, clusterCount] of this.#areas()) {
      if (this.#checks.has(name) && clusterCount > 0 && first < start + clusterCount && start <= last) return name;
    }
    for (let cluster = first; cluster <= last; cluster++) {
      const name = this.#tables.get(cluster);
      if (name !== undefined && this.#checks.has(name)) return name;
    }
    return null;
  }

  add(hostOffset: HostOffset, name: MetadataName): void {
    this.#tables?.set(this.#image.clusterOf(hostOffset), name);
  }

  /** A cluster was released and may hold anything from now on. */
  remove(cluster: HostCluster): void {
    this.#tables?.delete(cluster);
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

  #collect(): Map<HostCluster, MetadataName> {
    const tables = new Map<HostCluster, MetadataName>();
    const { l1, refcounts } = this.#image;
    if (this.#checks.has('inactive L2 table')) this.#collectInactive(tables);
    for (let index = 0; index < l1.entryCount; index++) {
      const offset = l1.l2OffsetAt(index);
      if (offset !== 0) tables.set(this.#image.clusterOf(offset), 'active L2 table');
    }
    for (const offset of refcounts.table) {
      if (offset !== 0) tables.set(this.#image.clusterOf(offset), 'refcount block');
    }
    return tables;
  }

  #collectInactive(tables: Map<HostCluster, MetadataName>): void {
    for (const { l1TableOffset, l1Size } of this.#image.snapshots) {
      const bytes = new Uint8Array(l1Size * 8);
      this.#image.file.read(l1TableOffset, bytes);
      const view = viewOf(bytes);
      for (let at = 0; at < bytes.length; at += 8) {
        const offset = offsetOf(view.getUint32(at), view.getUint32(at + 4));
        if (offset !== 0) tables.set(this.#image.clusterOf(offset), 'inactive L2 table');
      }
    }
  }
}
