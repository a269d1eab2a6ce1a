import { BITMAPS_BIT } from '../format/features.ts';
import type { BitmapsExtension } from '../format/header-extensions.ts';
import { encodeHeaderCluster } from '../image/header-cluster.ts';
import { readHead } from '../image/head.ts';
import type { Image } from '../image/image.ts';
import { rewriteHeader } from '../image/rewrite-header.ts';

/** What a disk persists whole or not at all. */
const SECTOR = 512;

/**
 * Lets the header name another bitmap directory, or none. Where the new header differs from the old within one sector,
 * one write switches. Otherwise the autoclear bit is off meanwhile: a header that a crash tore has an extension that
 * nobody looks at, instead of one that keeps the image from being opened.
 */
export function switchDirectory(image: Image, directory: BitmapsExtension | null): void {
  const head = readHead(image.storage, { writable: true });
  const before = head.header.autoclearFeatures;
  const without = before & ~BITMAPS_BIT;
  const features = directory === null ? without : without | BITMAPS_BIT;
  const extensions = { ...head.extensions, bitmaps: directory };
  const cluster = encodeHeaderCluster({ ...head, header: { ...head.header, autoclearFeatures: features }, extensions });
  if (changedSectors(image, cluster) <= 1) {
    rewriteHeader(image, { header: { autoclearFeatures: features }, extensions });
    return;
  }
  if (before !== without) rewriteHeader(image, { header: { autoclearFeatures: without } });
  rewriteHeader(image, { header: { autoclearFeatures: without }, extensions });
  if (features !== without) rewriteHeader(image, { header: { autoclearFeatures: features }, extensions });
}

function changedSectors(image: Image, cluster: Uint8Array): number {
  const before = new Uint8Array(cluster.length);
  image.storage.read(0, before);
  let count = 0;
  for (let at = 0; at < cluster.length; at += SECTOR) {
    const sector = cluster.subarray(at, at + SECTOR);
    if (sector.some((byte, index) => byte !== before[at + index])) count++;
  }
  return count;
}
