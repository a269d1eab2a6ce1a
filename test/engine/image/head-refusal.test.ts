import { describe, expect, it } from 'vitest';
import { setU64, viewOf } from '../../../src/engine/bytes/big-endian.ts';
import { encodeExtension } from '../../../src/engine/format/header-extensions.ts';
import { HEADER, type HeaderFields } from '../../../src/engine/format/header.ts';
import { createImage } from '../../../src/engine/image/create.ts';
import { fieldPlaces, HeadRefusal, type HeaderField } from '../../../src/engine/image/head-refusal.ts';
import { readHead } from '../../../src/engine/image/head.ts';
import { MemoryStorage } from '../../../src/engine/storage/memory.ts';

function newImage(): MemoryStorage {
  const storage = new MemoryStorage();
  createImage(storage, { size: 2 ** 20, clusterSize: 4096 });
  return storage;
}

function damaged(fields: Partial<HeaderFields>): MemoryStorage {
  const storage = newImage();
  const bytes = new Uint8Array(HEADER.size);
  storage.read(0, bytes);
  HEADER.encode({ ...HEADER.decode(bytes), ...fields }, bytes);
  storage.write(0, bytes);
  return storage;
}

function refusalOf(storage: MemoryStorage): HeadRefusal {
  try {
    readHead(storage, { writable: false });
  } catch (error) {
    if (error instanceof HeadRefusal) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('a refused head', () => {
  it.each<[readonly HeaderField[], Partial<HeaderFields>]>([
    [['magic'], { magic: 1 }],
    [['version'], { version: 7 }],
    [['clusterBits'], { clusterBits: 30 }],
    [['headerLength'], { headerLength: 8 }],
    [['headerLength'], { headerLength: 8192 }],
    [['backingFileOffset'], { backingFileOffset: 8192 }],
    [['backingFileSize'], { backingFileOffset: 512, backingFileSize: 2000 }],
    [['compressionType'], { compressionType: 9 }],
    [['incompatibleFeatures', 'compressionType'], { compressionType: 1 }],
    [['incompatibleFeatures'], { incompatibleFeatures: 1n << 40n }],
    [['clusterBits', 'incompatibleFeatures'], { incompatibleFeatures: 1n << 4n }],
    [['refcountOrder'], { refcountOrder: 7 }],
    [['refcountTableClusters'], { refcountTableClusters: 0 }],
    [['refcountTableClusters'], { refcountTableClusters: 2 ** 31 }],
    [['refcountTableOffset'], { refcountTableOffset: 4097 }],
    [['snapshotsOffset'], { snapshotsOffset: 4097 }],
    [['snapshotCount'], { snapshotCount: 2 ** 31 }],
    [['l1TableOffset'], { l1TableOffset: 0x3001 }],
    [['l1TableOffset'], { l1TableOffset: 2 ** 63 - 2 ** 28 }],
    [['l1Size'], { l1Size: 2 ** 31 }],
    [['l1Size', 'virtualSize'], { l1Size: 0 }],
    [['cryptMethod'], { cryptMethod: 5 }],
    [['cryptMethod'], { cryptMethod: 2 }],
    [['autoclearFeatures'], { autoclearFeatures: 2n }],
  ])('names the field that is in the way: %j', (names, fields) => {
    expect(refusalOf(damaged(fields)).places).toEqual(fieldPlaces(...names));
  });

  it('names the extension that is in the way', () => {
    const storage = newImage();
    const extension = encodeExtension(0xe2792aca, new Uint8Array(20).fill(0x61));
    storage.write(112, extension);
    const refusal = refusalOf(storage);
    expect(refusal.message).toContain('ext_backing_format');
    expect(refusal.places).toEqual([{ at: 112, length: 28 }]);
  });

  it('names the entry of the snapshot table that is in the way', () => {
    const storage = damaged({ snapshotCount: 1, snapshotsOffset: 0x10000 });
    const entry = new Uint8Array(40);
    setU64(viewOf(entry), 0, 0x20000);
    viewOf(entry).setUint32(36, 5000);
    storage.write(0x10000, entry);
    expect(refusalOf(storage).places[0]).toMatchObject({ at: 0x10000 });
  });
});
