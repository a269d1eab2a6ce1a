import { describe, expect, it } from 'vitest';
import { extensionRows, featureRows, headerRows, snapshotRows } from '../../../src/engine/describe/rows.ts';
import { createImage } from '../../../src/engine/image/create.ts';
import { MemoryStorage } from '../../../src/engine/storage/memory.ts';
import { sampleImage } from './sample.ts';

function newImage(options: Partial<Parameters<typeof createImage>[1]> = {}): MemoryStorage {
  const storage = new MemoryStorage();
  createImage(storage, { size: 2 ** 20, ...options });
  return storage;
}

describe('headerRows', () => {
  it('shows bytes, value and meaning of each field', () => {
    expect(headerRows(newImage()).find(({ field }) => field === 'virtualSize')).toEqual({
      field: 'virtualSize',
      at: 24,
      length: 8,
      hex: '00 00 00 00 00 10 00 00',
      value: '1048576 (1 MiB)',
      meaning: 'size of the virtual disk in bytes',
    });
  });

  it('ends where the header of the version ends', () => {
    expect(headerRows(newImage({ compat: '0.10' })).at(-1)!.field).toBe('snapshotsOffset');
    expect(headerRows(newImage()).at(-1)!.field).toBe('compressionType');
  });
});

describe('featureRows', () => {
  it('lists all known bits, and which are set', () => {
    const rows = featureRows(newImage({ lazyRefcounts: true, compressionType: 'zstd' }));
    expect(rows.length).toBe(8);
    expect(rows.filter(({ isSet }) => isSet).map(({ name }) => name)).toEqual(['compression type', 'lazy refcounts']);
  });

  it('adds unknown bits that are set, by the name that the image gives them', () => {
    const storage = newImage();
    storage.write(79, Uint8Array.of(0x60));
    storage.write(0xa8, Uint8Array.of(0, 6, ...Buffer.from('shiny\0')));
    expect(featureRows(storage).filter(({ isKnown }) => !isKnown)).toEqual([
      { kind: 'incompatible', bit: 5, name: 'unknown bit 5', isSet: true, isKnown: false },
      { kind: 'incompatible', bit: 6, name: 'shiny', isSet: true, isKnown: false },
    ]);
  });

  it('is empty for version 2, which has no features', () => {
    expect(featureRows(newImage({ compat: '0.10' }))).toEqual([]);
  });
});

describe('extensionRows', () => {
  it('says what each extension holds', () => {
    const rows = extensionRows(sampleImage({ backingFile: 'base', backingFormat: 'raw', preallocation: 'off' }));
    expect(rows.map(({ name, value }) => `${name}: ${value}`)).toEqual([
      'backing format: raw',
      'bitmaps: 1 bitmap, directory of 32 bytes at 0x43000',
      'unknown extension 0x12345678: de ad',
    ]);
    expect(extensionRows(newImage()).map(({ value }) => value)).toEqual(['8 names']);
  });

  it('shows one that claims too much', () => {
    const storage = newImage();
    storage.write(116, Uint8Array.of(0xff, 0, 0, 0));
    expect(extensionRows(storage)).toEqual([
      {
        magic: 0x6803f857,
        name: 'feature name table',
        at: 112,
        length: 0xff000000,
        value: 'claims more bytes than the header cluster has',
      },
    ]);
  });
});

it('snapshotRows lists the snapshots', () => {
  expect(snapshotRows(sampleImage())).toEqual([
    { id: '7', name: 'before', dateSeconds: 1_700_000_000, vmStateSize: 0, virtualSize: 40 * 4096 },
  ]);
});
