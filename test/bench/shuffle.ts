import { readHead, type Storage } from '#engine';
import { createRandom, shuffle } from './random.ts';

/**
 * Deals the host clusters of an image whose L2 tables are all full out anew, at random, and closes its storage: the
 * worst for whoever looks refcounts up cluster by cluster.
 */
export function shuffleL2(storage: Storage): void {
  const { header, geometry } = readHead(storage, { writable: true });
  const l1 = new Uint8Array(header.l1Size * 8);
  storage.read(header.l1TableOffset, l1);
  const l1View = new DataView(l1.buffer);
  const tables = Array.from({ length: header.l1Size }, (_, index) => {
    const offset = Number(l1View.getBigUint64(index * 8) & 0x00ffffffffffffffn);
    const bytes = new Uint8Array(geometry.clusterSize);
    storage.read(offset, bytes);
    return { offset, bytes };
  });
  const all = new BigUint64Array(tables.length * (geometry.clusterSize / 8));
  tables.forEach(({ bytes }, index) => all.set(new BigUint64Array(bytes.buffer), (index * geometry.clusterSize) / 8));
  shuffle(all, createRandom(2));
  tables.forEach(({ offset }, index) => {
    const start = (index * geometry.clusterSize) / 8;
    const entries = all.subarray(start, start + geometry.clusterSize / 8);
    storage.write(offset, new Uint8Array(entries.buffer, entries.byteOffset, entries.byteLength), 'l2-update');
  });
  storage.close();
}
