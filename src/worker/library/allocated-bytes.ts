import { ceilDiv, getRefcount, getU64, viewOf, type ImageHead, type Storage } from '#engine';

/** Bytes of refcount structures that a listing may read; 1 MiB of 16-bit refcounts cover 32 GiB in 64 KiB clusters. */
const READ_MAX = 1024 * 1024;

/** Bytes of clusters with a refcount, or null where counting them would take long or where the refcounts are behind. */
export function allocatedBytes(storage: Storage, { header, geometry }: ImageHead): number | null {
  const { clusterSize, refcountBits, refcountBlockEntries } = geometry;
  const clusterCount = ceilDiv(storage.size, clusterSize);
  const blockCount = ceilDiv(clusterCount, refcountBlockEntries);
  if (blockCount * clusterSize > READ_MAX) return null;
  const table = new Uint8Array(Math.min(blockCount * 8, header.refcountTableClusters * clusterSize));
  storage.read(header.refcountTableOffset, table);
  const block = new Uint8Array(clusterSize);
  let allocated = 0;
  for (let index = 0; index < table.length / 8; index++) {
    const blockOffset = getU64(viewOf(table), index * 8);
    if (blockOffset === 0 || blockOffset % clusterSize !== 0) continue;
    storage.read(blockOffset, block);
    const entryCount = Math.min(refcountBlockEntries, clusterCount - index * refcountBlockEntries);
    for (let entry = 0; entry < entryCount; entry++) {
      if (getRefcount(block, refcountBits, entry) > 0) allocated++;
    }
  }
  return allocated * clusterSize;
}
