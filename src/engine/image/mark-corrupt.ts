import { EngineError } from '../errors.ts';
import type { HostOffset } from '../format/addresses.ts';
import { CORRUPT_BIT } from '../format/features.ts';
import type { Purpose } from '../storage/storage.ts';
import { writeIncompatibleFeatures } from './feature-bits.ts';
import type { Image } from './image.ts';

/** What goes into clusters that must not hold metadata of anything else. */
const GUARDED: ReadonlySet<Purpose> = new Set<Purpose>([
  'guest-data',
  'cow-copy',
  'zero-fill',
  'compressed-data',
  'l2-new',
  'refblock-new',
]);

/**
 * Refuses a write that would destroy metadata, and marks the image corrupt: its refcounts or L2 entries are wrong, and
 * each further write could do the same.
 * @throws EngineError corrupt
 */
export function refuseOverlap(image: Image, at: HostOffset, length: number, why: Purpose): void {
  if (!GUARDED.has(why)) return;
  const name = image.guard.overlapOf(at, length);
  if (name !== null) markCorrupt(image, `Preventing invalid write on metadata (overlaps with ${name})`);
}

function markCorrupt(image: Image, what: string): never {
  image.isMarkedCorrupt = true;
  if (image.geometry.version === 3) {
    writeIncompatibleFeatures(image, image.header.incompatibleFeatures | CORRUPT_BIT, 'header-corrupt');
    image.file.flush('flush-ordering');
  }
  throw new EngineError(
    'corrupt',
    `qcow2: Marking image as corrupt: ${what}; further corruption events will be suppressed`,
  );
}
