import { alignUp, ceilDiv } from '../bytes/align.ts';
import { viewOf } from '../bytes/big-endian.ts';
import { CORRUPT_BIT, DIRTY_BIT } from '../format/features.ts';
import type { HostCluster, HostOffset } from '../format/addresses.ts';
import type { Geometry } from '../format/geometry.ts';
import type { Header } from '../format/header.ts';
import { refcountMax } from '../format/refcount-block.ts';
import type { SnapshotEntry } from '../format/snapshot-table.ts';
import { readHead, type ImageHead } from '../image/head.ts';
import { mustBeReadable } from '../image/head-validation.ts';
import type { Storage } from '../storage/storage.ts';
import { ReferenceMap } from './reference-map.ts';

/** The snapshots that the check goes by, and where their table lies. */
export interface SnapshotList {
  readonly offset: HostOffset;
  /** Bytes, the alignment between entries included. */
  readonly size: number;
  readonly entries: readonly SnapshotEntry[];
}

/** The image under examination: its storage, its head, and sizes that follow from them. */
export interface Subject {
  readonly storage: Storage;
  readonly head: ImageHead;
  readonly header: Header;
  readonly geometry: Geometry;
  /** The refcount table as two 32-bit halves an entry, high half first. */
  readonly refcountTable: Uint32Array;
  readonly isDirty: boolean;
  readonly isMarkedCorrupt: boolean;
}

/** Reads what every pass needs; throws only where opening for a check would. */
export function readSubject(storage: Storage): Subject {
  const head = readHead(storage, { writable: false, checkMode: true });
  const { header, geometry } = head;
  return {
    storage,
    head,
    header,
    geometry,
    refcountTable: readHalves(
      storage,
      header.refcountTableOffset,
      (header.refcountTableClusters * geometry.clusterSize) / 8,
    ),
    isDirty: (header.incompatibleFeatures & DIRTY_BIT) !== 0n,
    isMarkedCorrupt: (header.incompatibleFeatures & CORRUPT_BIT) !== 0n,
  };
}

/** Bytes of the file as QEMU counts them: whole sectors. */
export function fileLengthOf({ storage }: Pick<Subject, 'storage'>): number {
  return alignUp(storage.size, 512);
}

export function clusterCountOf(subject: Subject): number {
  return ceilDiv(fileLengthOf(subject), subject.geometry.clusterSize);
}

export function newReferenceMap(subject: Subject): ReferenceMap {
  return new ReferenceMap(clusterCountOf(subject), refcountMax(subject.geometry.refcountBits));
}

export function clusterOf({ geometry }: Subject, offset: HostOffset): HostCluster {
  return Math.floor(offset / geometry.clusterSize);
}

/** Reads without asking the storage for anything behind its end, where some cannot even seek. */
export function readBytes(storage: Storage, at: HostOffset, into: Uint8Array): void {
  if (at >= storage.size) into.fill(0);
  else storage.read(at, into);
}

/** The same for what a check cannot do without: where no file can reach, QEMU fails to read. */
export function readBytesOrFail(storage: Storage, at: HostOffset, into: Uint8Array): void {
  mustBeReadable(at, into.length, 'Could not read a table');
  readBytes(storage, at, into);
}

/** Reads a table of 64-bit entries as 32-bit halves in the machine's byte order, high half first. */
export function readHalves(storage: Storage, at: HostOffset, entries: number): Uint32Array<ArrayBuffer> {
  const bytes = new Uint8Array(entries * 8);
  readBytes(storage, at, bytes);
  const view = viewOf(bytes);
  const halves = new Uint32Array(entries * 2);
  for (let i = 0; i < halves.length; i++) halves[i] = view.getUint32(i * 4);
  return halves;
}

/** A 64-bit entry as QEMU prints it with %x. */
export function hexOfHalves(high: number, low: number): string {
  const lowHex = (low >>> 0).toString(16);
  return high === 0 ? lowHex : (high >>> 0).toString(16) + lowHex.padStart(8, '0');
}
