import { BITMAPS_BIT } from '../format/features.ts';
import type { BitmapsExtension } from '../format/header-extensions.ts';
import { readHead } from '../image/head.ts';
import type { Image } from '../image/image.ts';
import { isSwitchedAtOnce, rewriteHeader } from '../image/rewrite-header.ts';

/**
 * Lets the header name another bitmap directory, or none. Where one sector cannot switch from the old header to the new,
 * the autoclear bit is off meanwhile: a header that a crash tore has an extension that nobody looks at, instead of one
 * that keeps the image from being opened.
 */
export function switchDirectory(image: Image, directory: BitmapsExtension | null): void {
  const head = readHead(image.storage, { writable: true });
  const before = head.header.autoclearFeatures;
  const without = before & ~BITMAPS_BIT;
  const features = directory === null ? without : without | BITMAPS_BIT;
  const extensions = { ...head.extensions, bitmaps: directory };
  const parts = { ...head, header: { ...head.header, autoclearFeatures: features }, extensions };
  if (isSwitchedAtOnce(image.file, parts)) {
    rewriteHeader(image, { header: { autoclearFeatures: features }, extensions });
    return;
  }
  if (before !== without) rewriteHeader(image, { header: { autoclearFeatures: without } });
  rewriteHeader(image, { header: { autoclearFeatures: without }, extensions });
  if (features !== without) rewriteHeader(image, { header: { autoclearFeatures: features }, extensions });
}
