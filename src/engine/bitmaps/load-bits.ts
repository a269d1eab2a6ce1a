import { EngineError } from '../errors.ts';
import {
  bitmapDataOf,
  bitmapTableEntryHasReservedBits,
  readBitmapTable,
  type BitmapEntry,
} from '../format/bitmap-directory.ts';
import type { Storage } from '../storage/storage.ts';
import { BitmapBits } from './bitmap-bits.ts';

/**
 * Reads the bits of a bitmap that nobody holds in use.
 * @throws EngineError invalid-image where its table does not fit the disk or points nowhere
 */
export function loadBits(
  storage: Storage,
  entry: BitmapEntry,
  disk: { virtualSize: number; clusterSize: number },
): BitmapBits {
  const { virtualSize, clusterSize } = disk;
  const bits = new BitmapBits({ virtualSize, granularityBits: entry.granularityBits, pageSize: clusterSize });
  if (entry.tableSize !== bits.pageCount) throw unreadable(entry);
  for (const { index, halves } of readBitmapTable(storage, entry)) {
    for (let half = 0; half < halves.length; half += 2) {
      const [high, low] = [halves[half]!, halves[half + 1]!];
      if (bitmapTableEntryHasReservedBits(high, low)) throw unreadable(entry);
      const data = bitmapDataOf(high, low);
      if (data === 'all-zeros') continue;
      const page = new Uint8Array(clusterSize);
      if (data === 'all-ones') page.fill(0xff);
      else if (data % clusterSize !== 0) throw unreadable(entry);
      else storage.read(data, page);
      bits.setPage(index + half / 2, page);
    }
  }
  return bits;
}

function unreadable({ name }: BitmapEntry): EngineError {
  return new EngineError('invalid-image', `Could not read bitmap '${name}' from image`);
}
