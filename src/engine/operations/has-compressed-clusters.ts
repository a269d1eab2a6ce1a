import { COMPRESSED_HIGH } from '../format/l2-entry.ts';
import type { Image } from '../image/image.ts';
import { highOf, judgeL2Offset, l2EntryAt } from '../image/l2-access.ts';
import { allL2Tables } from './l1-tables.ts';

/**
 * Whether the disk or a snapshot has compressed clusters.
 * @throws EngineError too-large, invalid-image for a snapshot's table; corrupt for a table between two clusters, which marks the image corrupt
 */
export function hasCompressedClusters(image: Image): boolean {
  for (const { l2Offset, l1Index } of allL2Tables(image)) {
    judgeL2Offset(image, l2Offset, l1Index);
    if (l2Offset === 0) continue;
    for (let index = 0; index < image.geometry.l2Entries; index++) {
      if ((highOf(l2EntryAt(image, l2Offset, index)) & COMPRESSED_HIGH) !== 0) return true;
    }
  }
  return false;
}
