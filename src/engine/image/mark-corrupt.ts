import { imageIsCorrupt, markingAsCorrupt } from '../corruption-text.ts';
import { EngineError } from '../errors.ts';
import type { HostOffset } from '../format/addresses.ts';
import { CORRUPT_BIT } from '../format/features.ts';
import type { Purpose } from '../storage/storage.ts';
import { writeIncompatibleFeatures } from './feature-bits.ts';
import type { Image } from './image.ts';
import type { MetadataName } from './metadata-guard.ts';

/** What goes into clusters that must not hold metadata of anything else, and the metadata that it replaces itself. */
const GUARDED: Readonly<Partial<Record<Purpose, readonly MetadataName[]>>> = {
  'guest-data': [],
  'cow-copy': [],
  'zero-fill': [],
  'compressed-data': [],
  'l2-new': [],
  'l2-update': ['active L2 table'],
  'l1-update': ['active L1 table'],
  'refblock-new': [],
  'refblock-update': ['refcount block'],
  'snapshot-l1': [],
};

/**
 * Refuses a write that would destroy metadata, and marks the image corrupt: its refcounts or L2 entries are wrong, and
 * each further write could do the same.
 * @throws EngineError corrupt
 */
export function refuseOverlap(image: Image, at: HostOffset, length: number, why: Purpose): void {
  const own = GUARDED[why];
  if (own === undefined) return;
  const name = image.guard.overlapOf(at, length, own);
  if (name !== null) markCorrupt(image, `Preventing invalid write on metadata (overlaps with ${name})`);
}

/**
 * The image contradicts itself. A writable image is marked corrupt, on disk too (version 3), and takes no more writes: each
 * could make it worse. The first time the error says what QEMU prints on standard error.
 * @throws EngineError corrupt, always
 */
export function markCorrupt(image: Image, what: string): never {
  if (!image.isWritable || image.isMarkedCorrupt) {
    throw new EngineError('corrupt', newsOf(image, what) ?? what);
  }
  image.isMarkedCorrupt = true;
  if (image.geometry.version === 3) {
    writeIncompatibleFeatures(image, image.header.incompatibleFeatures | CORRUPT_BIT, 'header-corrupt');
    image.file.flush('flush-ordering');
  }
  throw new EngineError('corrupt', markingAsCorrupt(what));
}

/** The image contradicts itself where it does no harm: that is said the first time, and work goes on. */
export function signalCorruption(image: Image, what: string): void {
  const news = newsOf(image, what);
  if (news !== null) image.onMessage(news);
}

/** What QEMU prints of a corruption that is not fatal; null where that, or worse, was told before. */
function newsOf(image: Image, what: string): string | null {
  if (image.isMarkedCorrupt || image.hasSignalledCorruption) return null;
  image.hasSignalledCorruption = true;
  return imageIsCorrupt(what);
}
