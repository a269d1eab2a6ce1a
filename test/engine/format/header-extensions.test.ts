import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  encodeExtension,
  EXTENSION_BACKING_FORMAT,
  extensionName,
  lastExtension,
  readExtensions,
} from '../../../src/engine/format/header-extensions.ts';
import { MemoryStorage } from '../../../src/engine/storage/memory.ts';

const START = 112;

function areaOf(...parts: Uint8Array[]) {
  const bytes = Uint8Array.from([new Uint8Array(START), ...parts].flatMap((part) => [...part]));
  return readExtensions(MemoryStorage.from(bytes), START, START + 4096);
}

const END = encodeExtension(0, new Uint8Array(0));

describe('header extensions', () => {
  it('are padded to 8 bytes', () => {
    expect(encodeExtension(0x12345678, Uint8Array.of(1, 2, 3))).toEqual(
      Uint8Array.of(0x12, 0x34, 0x56, 0x78, 0, 0, 0, 3, 1, 2, 3, 0, 0, 0, 0, 0),
    );
  });

  it('are read in file order up to the end marker', () => {
    const area = areaOf(encodeExtension(1, Uint8Array.of(7)), encodeExtension(2, new Uint8Array(8)), END, END);
    expect(area.extensions.map(({ magic, at, data }) => [magic, at, data.length])).toEqual([
      [1, START, 1],
      [2, START + 16, 8],
    ]);
    expect(area.endMarkerAt).toBe(START + 32);
  });

  it('need no end marker where the area ends', () => {
    const bytes = new Uint8Array(START + 16);
    bytes.set(encodeExtension(9, new Uint8Array(8)), START);
    expect(readExtensions(MemoryStorage.from(bytes), START, START + 16)).toEqual({
      extensions: [{ magic: 9, at: START, data: new Uint8Array(8) }],
      overrun: null,
      endMarkerAt: null,
    });
  });

  it('tell of one that claims more than the area has', () => {
    const storage = MemoryStorage.from(new Uint8Array(START + 8));
    storage.write(START, Uint8Array.of(0, 0, 0, 5, 0, 0, 0x10, 0));
    expect(readExtensions(storage, START, START + 4096).overrun).toEqual({ magic: 5, at: START, length: 4096 });
  });

  it('count once: the last of a kind', () => {
    const area = areaOf(
      encodeExtension(EXTENSION_BACKING_FORMAT, Uint8Array.of(1)),
      encodeExtension(EXTENSION_BACKING_FORMAT, Uint8Array.of(2)),
      END,
    );
    expect(lastExtension(area, EXTENSION_BACKING_FORMAT)!.data).toEqual(Uint8Array.of(2));
    expect(lastExtension(area, 77)).toBeNull();
  });

  it('decode to what was encoded', () => {
    const extension = fc.record({
      magic: fc.integer({ min: 1, max: 0xffffffff }),
      data: fc.uint8Array({ maxLength: 40 }),
    });
    fc.assert(
      fc.property(fc.array(extension, { maxLength: 20 }), (extensions) => {
        const area = areaOf(...extensions.map(({ magic, data }) => encodeExtension(magic, data)), END);
        expect(area.extensions.map(({ magic, data }) => ({ magic, data }))).toEqual(extensions);
      }),
    );
  });

  it('have the names of the specification', () => {
    expect(extensionName(EXTENSION_BACKING_FORMAT)).toBe('backing format');
    expect(extensionName(0x12345678)).toBeNull();
  });
});
