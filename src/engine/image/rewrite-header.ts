import type { Header } from '../format/header.ts';
import { decodeHeader, geometryOf } from '../format/header.ts';
import { encodeHeaderCluster, type HeaderParts } from './header-cluster.ts';
import { readHead } from './head.ts';
import { writingBackOnFailure } from './header-pointer.ts';
import type { Image } from './image.ts';
import type { ImageFile } from './image-file.ts';

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
  const header = { ...head.header, ...changes.header };
  const cluster = encodeHeaderCluster({ ...head, ...changes, header });
  switchHeaderCluster(image.file, cluster);
  Object.assign(image.header, decodeHeader(cluster));
  image.geometry = geometryOf(image.header);
}

/**
 * When the write fails, nobody knows which header the disk has, while the session goes on with the old one; so that is
 * written again, as a pointer is (header-pointer.ts).
 */
function switchHeaderCluster(file: ImageFile, cluster: Uint8Array): void {
  const before = new Uint8Array(cluster.length);
  file.read(0, before);
  writingBackOnFailure(file, { at: 0, before, why: 'header-other' }, () => writeHeaderCluster(file, before, cluster));
}

/** What a disk persists whole or not at all. */
const SECTOR = 512;

/**
 * All that names other places stands in the first sector; names and extensions may go on behind it. A sector is written
 * whole or not at all, so that the first one switches from the old header to the new: what it will name is durable
 * before, and what it named is overwritten after. Where old and new text share the sectors behind it, one write has to do.
 */
function writeHeaderCluster(file: ImageFile, before: Uint8Array, cluster: Uint8Array): void {
  const first = cluster.subarray(0, SECTOR);
  const rest = cluster.subarray(SECTOR);
  const restBefore = before.subarray(SECTOR);
  if (isSame(rest, restBefore)) {
    file.write(0, first, 'header-other');
  } else if (isZero(restBefore)) {
    file.write(SECTOR, rest, 'header-other');
    file.flush('flush-ordering');
    file.write(0, first, 'header-other');
  } else if (isZero(rest)) {
    file.write(0, first, 'header-other');
    file.flush('flush-ordering');
    file.write(SECTOR, rest, 'header-other');
  } else {
    file.write(0, cluster, 'header-other');
  }
  file.flush('flush-ordering');
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, index) => byte === b[index]);
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}
