import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EngineError, isEngineError } from '../../../src/engine/errors.ts';
import { BITMAP_DIRECTORY_SIZE_MAX } from '../../../src/engine/format/bitmap-directory.ts';
import { encodeExtension, EXTENSION_BITMAPS } from '../../../src/engine/format/header-extensions.ts';
import { createImage } from '../../../src/engine/image/create.ts';
import { headForWriting, readHead } from '../../../src/engine/image/head.ts';
import { MemoryStorage } from '../../../src/engine/storage/memory.ts';
import { PLACES, sampleImage } from '../describe/sample.ts';

function newImage(options: Partial<Parameters<typeof createImage>[1]> = {}): MemoryStorage {
  const storage = new MemoryStorage();
  createImage(storage, { size: 2 ** 20, clusterSize: 4096, ...options });
  return storage;
}

function refusalOf(work: () => unknown): EngineError {
  try {
    work();
  } catch (error) {
    if (isEngineError(error)) return error;
    throw error;
  }
  throw new Error('It was not refused.');
}

describe('readHead', () => {
  it('tells what an image is', () => {
    const head = readHead(newImage({ backingFile: 'base', backingFormat: 'raw' }), { writable: false });
    expect(head).toMatchObject({
      backingFile: 'base',
      backingFormat: 'raw',
      encryption: 'none',
      hasDataFile: false,
      snapshots: [],
      bitmaps: [],
      needsRewrite: false,
    });
  });

  it('refuses an empty file as not qcow2', () => {
    const error = refusalOf(() => readHead(new MemoryStorage(), { writable: false }));
    expect([error.code, error.message]).toEqual(['not-qcow2', 'Image is not in qcow2 format']);
  });

  it('lets a corrupt image be read and checked, but not written', () => {
    const storage = newImage();
    storage.write(79, Uint8Array.of(2));
    expect(refusalOf(() => readHead(storage, { writable: true })).code).toBe('corrupt');
    readHead(storage, { writable: false });
    readHead(storage, { writable: true, checkMode: true });
  });

  it('rounds a disk size down to 512', () => {
    const storage = newImage();
    storage.write(24, Uint8Array.of(0, 0, 0, 0, 0, 0, 4, 255));
    expect(readHead(storage, { writable: false }).header.virtualSize).toBe(1024);
  });

  it.each<['aes' | 'luks', (storage: MemoryStorage) => void]>([
    ['aes', (storage) => storage.write(32, Uint8Array.of(0, 0, 0, 1))],
    ['luks', addLuksPointer],
  ])('tells the encryption: %s', (encryption, change) => {
    const storage = newImage();
    change(storage);
    expect(readHead(storage, { writable: false })).toMatchObject({ encryption });
  });

  it('ignores bitmaps that nothing vouches for, and drops them for a writer', () => {
    const storage = newImage();
    const data = new Uint8Array(24);
    data[3] = 1;
    storage.write(112, encodeExtension(EXTENSION_BITMAPS, data));
    const warnings: unknown[] = [];
    const head = readHead(storage, { writable: true, onWarning: (warning) => warnings.push(warning) });
    expect([head.bitmaps, head.needsRewrite, warnings.length]).toEqual([[], true, 1]);
    expect(headForWriting(head)).toMatchObject({ needsRewrite: false, extensions: { bitmaps: null } });
  });

  it('clears unknown autoclear bits for a writer and keeps unknown compatible ones', () => {
    const storage = newImage();
    storage.write(80, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80));
    storage.write(88, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80));
    const head = readHead(storage, { writable: true });
    expect(head.needsRewrite).toBe(true);
    expect(headForWriting(head).header).toMatchObject({ autoclearFeatures: 0n, compatibleFeatures: 0x80n });
  });

  it('reads unknown extensions by the hundred thousand without choking', () => {
    const storage = newImage({ clusterSize: 2 ** 21 });
    const area = new Uint8Array(2 ** 21 - 112);
    for (let at = 3; at < area.length; at += 8) area[at] = 9;
    storage.write(112, area);
    expect(readHead(storage, { writable: false }).extensions.unknown.length).toBe(area.length / 8);
  });

  it('opens or refuses with an EngineError, and reads no more than tables may hold, however broken the image is', () => {
    const bytes = sampleImage().toBytes();
    const change = fc.record({
      at: fc.oneof(
        fc.nat(0x160),
        fc.nat(100).map((at) => PLACES.snapshotTable + at),
        bitmapDirectoryByte,
      ),
      byte: fc.constantFrom(0, 1, 2, 0x10, 0x7f, 0x80, 0xff),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 6 }), fc.boolean(), (changes, writable) => {
        const storage = new ModestStorage();
        storage.write(0, bytes);
        for (const { at, byte } of changes) storage.write(at, Uint8Array.of(byte));
        try {
          readHead(storage, { writable });
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('opens or refuses with an EngineError, whatever the first cluster holds', () => {
    const change = fc.record({ at: fc.nat(160), byte: fc.constantFrom(0, 1, 2, 0x10, 0x7f, 0x80, 0xff) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), fc.boolean(), (changes, writable) => {
        const storage = newImage({ backingFile: 'base', backingFormat: 'raw' });
        for (const { at, byte } of changes) storage.write(at, Uint8Array.of(byte));
        try {
          readHead(storage, { writable });
        } catch (error) {
          expect(error).toBeInstanceOf(EngineError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

const bitmapDirectoryByte = fc.nat(31).map((at) => PLACES.bitmapDirectory + at);

/** Memory that refuses to fill buffers larger than any table that an open reads. */
class ModestStorage extends MemoryStorage {
  override read(at: number, into: Uint8Array): void {
    expect(into.length).toBeLessThanOrEqual(BITMAP_DIRECTORY_SIZE_MAX);
    super.read(at, into);
  }
}

function addLuksPointer(storage: MemoryStorage): void {
  storage.write(32, Uint8Array.of(0, 0, 0, 2));
  const pointer = new Uint8Array(16);
  pointer.set([0x10, 0], 6);
  storage.write(112, encodeExtension(0x0537be77, pointer));
}
