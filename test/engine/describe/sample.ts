import { createImage } from '../../../src/engine/image/create.ts';
import type { CreateOptions } from '../../../src/engine/image/create-options.ts';
import { encodeBitmapDirectory } from '../../../src/engine/format/bitmap-directory.ts';
import { encodeSnapshotTable } from '../../../src/engine/format/snapshot-table.ts';
import { encodeHeaderCluster } from '../../../src/engine/image/header-cluster.ts';
import { readHead } from '../../../src/engine/image/head.ts';
import { MemoryStorage } from '../../../src/engine/storage/memory.ts';

export const CLUSTER_SIZE = 4096;
/** Where {@link sampleImage} puts its structures. */
export const PLACES = {
  l1: 0x3000,
  snapshotTable: 0x40000,
  snapshotL1: 0x41000,
  snapshotL2: 0x42000,
  bitmapDirectory: 0x43000,
  bitmapTable: 0x44000,
  bitmapBits: 0x45000,
};

/**
 * An image with one of everything to look at: mapped clusters, a snapshot with an L2 table of its own, a bitmap. The
 * refcounts of what is added by hand are not kept; nobody here asks for them.
 */
export function sampleImage(options: Partial<CreateOptions> = {}): MemoryStorage {
  const storage = new MemoryStorage();
  createImage(storage, { size: 40 * CLUSTER_SIZE, clusterSize: CLUSTER_SIZE, preallocation: 'metadata', ...options });
  const head = readHead(storage, { writable: true });
  const snapshot = {
    l1TableOffset: PLACES.snapshotL1,
    l1Size: 1,
    id: '7',
    name: 'before',
    dateSeconds: 1_700_000_000,
    dateNanoseconds: 0,
    vmClock: 0n,
    vmStateSize: 0,
    diskSize: head.header.virtualSize,
    icount: null,
    unknownExtraData: Uint8Array.of(1, 2, 3),
  };
  const bitmap = { tableOffset: PLACES.bitmapTable, tableSize: 1, flags: 2, type: 1, granularityBits: 16, name: 'b0' };
  const directory = encodeBitmapDirectory([bitmap]);
  storage.write(PLACES.snapshotTable, encodeSnapshotTable([snapshot], 0));
  storage.write(PLACES.snapshotL1, pointer(PLACES.snapshotL2));
  storage.write(PLACES.snapshotL2 + 5 * 8, pointer(0x50000));
  storage.write(PLACES.bitmapDirectory, directory);
  storage.write(PLACES.bitmapTable, pointer(PLACES.bitmapBits));
  const bitmaps = {
    bitmapCount: 1,
    reserved: 0,
    directorySize: directory.length,
    directoryOffset: PLACES.bitmapDirectory,
  };
  const header = { ...head.header, snapshotCount: 1, snapshotsOffset: PLACES.snapshotTable, autoclearFeatures: 1n };
  const unknown = [{ magic: 0x12345678, data: Uint8Array.of(0xde, 0xad) }];
  storage.write(0, encodeHeaderCluster({ ...head, header, extensions: { ...head.extensions, bitmaps, unknown } }));
  return storage;
}

function pointer(offset: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(offset));
  return bytes;
}
