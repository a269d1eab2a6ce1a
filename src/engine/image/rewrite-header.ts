import { alignUp } from '../bytes/align.ts';
import type { HostOffset } from '../format/addresses.ts';
import type { Header } from '../format/header.ts';
import { decodeHeader, geometryOf } from '../format/header.ts';
import { encodeName } from '../format/name.ts';
import type { Storage } from '../storage/storage.ts';
import {
  encodeHeaderCluster,
  encodeHeaderInSector,
  HEADER_SECTOR,
  type HeaderInSector,
  type HeaderParts,
} from './header-cluster.ts';
import { readHead } from './head.ts';
import { writingBackOnFailure } from './header-pointer.ts';
import type { Image } from './image.ts';

/** What a rewrite changes; the rest of the header cluster stays as it is on disk. */
export interface HeaderChanges extends Partial<Omit<HeaderParts, 'header'>> {
  readonly header?: Partial<Header>;
}

/**
 * Writes the header cluster anew with changes, durably, and brings the image's own header and geometry up to date.
 * Extensions and fields that nobody here knows are kept.
 * @throws EngineError no-space when it does not fit into one cluster; nothing was written then
 */
export function rewriteHeader(image: Image, changes: HeaderChanges): void {
  const head = readHead(image.storage, { writable: true });
  const parts = { ...head, ...changes, header: { ...head.header, ...changes.header } };
  const cluster = encodeHeaderCluster(parts);
  const before = bytesBefore(image.file, cluster);
  // When a write fails, nobody knows which header the disk has, while the session goes on with the old one; so that is
  // written again, as a pointer is (header-pointer.ts).
  writingBackOnFailure(image.file, { at: 0, before, why: 'header-other' }, () =>
    writeCluster(image.file, { before, cluster, parts }),
  );
  Object.assign(image.header, decodeHeader(cluster));
  image.geometry = geometryOf(image.header);
}

/** Where a header can be written without an image around it. */
export type HeaderFile = Pick<Storage, 'read' | 'write' | 'flush'>;

/** Writes the header cluster anew, durably, before an image is opened. @throws EngineError as {@link rewriteHeader} */
export function writeHeader(file: HeaderFile, parts: HeaderParts): void {
  const cluster = encodeHeaderCluster(parts);
  writeCluster(file, { before: bytesBefore(file, cluster), cluster, parts });
}

/** Whether one sector can switch from the header on disk to the new one: no crash shows anything else. */
export function isSwitchedAtOnce(file: HeaderFile, parts: HeaderParts): boolean {
  const cluster = encodeHeaderCluster(parts);
  const before = bytesBefore(file, cluster);
  return !sharesRest(before, cluster) || stopoverTo({ before, cluster, parts }) !== null;
}

interface HeaderSwitch {
  readonly before: Uint8Array;
  readonly cluster: Uint8Array;
  /** What `cluster` says. */
  readonly parts: HeaderParts;
}

/**
 * All that names other places stands in the first sector; names and extensions may go on behind it. A sector is written
 * whole or not at all, so that the first one switches from the old header to the new: what it will name is durable
 * before, and what it named is overwritten after. Where old and new text share the sectors behind it, the way leads
 * over a header that needs none of them.
 */
function writeCluster(file: HeaderFile, change: HeaderSwitch): void {
  const { before, cluster } = change;
  const first = cluster.subarray(0, HEADER_SECTOR);
  const rest = cluster.subarray(HEADER_SECTOR);
  const step = (at: number, bytes: Uint8Array) => {
    file.write(at, bytes, 'header-other');
    file.flush('flush-ordering');
  };
  const restBefore = before.subarray(HEADER_SECTOR);
  if (isSame(rest, restBefore)) return step(0, first);
  if (isZero(restBefore)) {
    step(HEADER_SECTOR, rest);
    return step(0, first);
  }
  if (isZero(rest)) {
    step(0, first);
    return step(HEADER_SECTOR, rest);
  }
  const stopover = stopoverTo(change);
  // Long names of data files, or extensions of other programs, leave no other way.
  if (stopover === null) return step(0, cluster);
  const { header, nameAt } = stopover;
  const restEnd = header.name === null ? cluster.length : nameAt;
  if (header.name !== null) step(nameAt, header.name);
  step(0, header.sector);
  step(HEADER_SECTOR, cluster.subarray(HEADER_SECTOR, restEnd));
  step(0, first);
  if (header.name !== null) step(nameAt, cluster.subarray(nameAt));
}

interface Stopover {
  readonly header: HeaderInSector;
  /** Free space, in the old header cluster and in the new one, for the name of the backing file. */
  readonly nameAt: HostOffset;
}

/** The new header in a form that one sector holds, while the sectors behind it are written. */
function stopoverTo({ before, cluster, parts }: HeaderSwitch): Stopover | null {
  const nameLength = parts.backingFile === null ? 0 : encodeName(parts.backingFile).length;
  const nameAt = cluster.length - alignUp(nameLength, HEADER_SECTOR);
  const header = encodeHeaderInSector(parts, nameAt);
  if (header === null) return null;
  const isFree = nameAt >= HEADER_SECTOR && isZero(before.subarray(nameAt)) && isZero(cluster.subarray(nameAt));
  return header.name === null || isFree ? { header, nameAt } : null;
}

function sharesRest(before: Uint8Array, cluster: Uint8Array): boolean {
  const rest = cluster.subarray(HEADER_SECTOR);
  const restBefore = before.subarray(HEADER_SECTOR);
  return !isSame(rest, restBefore) && !isZero(rest) && !isZero(restBefore);
}

function bytesBefore(file: HeaderFile, { length }: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(length);
  file.read(0, bytes);
  return bytes;
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, index) => byte === b[index]);
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
