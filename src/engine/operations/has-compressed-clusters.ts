import { COMPRESSED_HIGH } from '../format/l2-entry.ts';
import type { Image } from '../image/image.ts';
import { highOf, l2EntryAt } from '../image/l2-access.ts';
import { allL2Tables } from './l1-tables.ts';

/** Whether the disk or a snapshot has compressed clusters. */
export function hasCompressedClusters(image: Image): boolean {
  for (const { l2Offset } of allL2Tables(image)) {
    if (l2Offset === 0) continue;
    for (let index = 0; index < image.geometry.l2Entries; index++) {
      if ((highOf(l2EntryAt(image, l2Offset, index)) & COMPRESSED_HIGH) !== 0) return true;
    }
  }
  return false;
}
