import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BITMAP_AUTO,
  BITMAP_IN_USE,
  bitmapDataOf,
  bitmapEntryProblem,
  bitmapTableEntryHasReservedBits,
  decodeBitmapDirectory,
  encodeBitmapDirectory,
  readBitmapTable,
  type BitmapEntry,
} from '../../../src/engine/format/bitmap-directory.ts';
import { decodeName } from '../../../src/engine/format/name.ts';
import { MemoryStorage } from '../../../src/engine/storage/memory.ts';

const ENTRY = { tableOffset: 0x80000, tableSize: 1, flags: BITMAP_AUTO, type: 1, granularityBits: 16, name: 'b0' };
const CLUSTER_SIZE = 65536;
const DISK_SIZE = 64 * 2 ** 20;

function decoded(change: Partial<BitmapEntry> = {}): BitmapEntry {
  return { ...decodeBitmapDirectory(encodeBitmapDirectory([ENTRY])).entries[0]!, ...change };
}

describe('the bitmap directory', () => {
  it('has the bytes that QEMU writes', () => {
    const expected = '00000000000800000000000100000002011000020000000062300000000000' + '00';
    expect(Buffer.from(encodeBitmapDirectory([ENTRY])).toString('hex')).toBe(expected);
  });

  it('is broken where its bytes end within an entry', () => {
    const bytes = encodeBitmapDirectory([ENTRY, ENTRY]);
    for (const length of [63, 40, 33]) {
      const { entries, isBroken } = decodeBitmapDirectory(bytes.subarray(0, length));
      expect([entries.length, isBroken]).toEqual([1, true]);
    }
    expect(decodeBitmapDirectory(bytes.subarray(0, 32)).isBroken).toBe(false);
  });

  it('decodes to what was encoded', () => {
    const entry = fc.record({
      tableOffset: fc.maxSafeNat(),
      tableSize: fc.nat(0xffffffff),
      flags: fc.nat(0xffffffff),
      type: fc.nat(255),
      granularityBits: fc.nat(255),
      name: fc.uint8Array({ min: 1, maxLength: 60 }).map(decodeName),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 10 }), (entries) => {
        const directory = decodeBitmapDirectory(encodeBitmapDirectory(entries));
        expect(directory.entries).toMatchObject(entries);
        expect(directory.entries.length).toBe(entries.length);
      }),
    );
  });
});

describe('a bitmap', () => {
  it('is sound when its table covers the disk', () => {
    expect(bitmapEntryProblem(decoded(), CLUSTER_SIZE, DISK_SIZE)).toBeNull();
  });

  it.each<[string, Partial<BitmapEntry>]>([
    ['a table without entries', { tableSize: 0 }],
    ['no table', { tableOffset: 0 }],
    ['an unaligned table', { tableOffset: 0x80008, tableOffsetBits: 0x80008n }],
    ['a table at a huge unaligned offset', { tableOffset: 2 ** 63, tableOffsetBits: 2n ** 63n + 512n }],
    ['a table too large', { tableSize: 0x2001 }],
    ['a granularity too fine', { granularityBits: 8 }],
    ['a granularity too coarse', { granularityBits: 32 }],
    ['unknown flags', { flags: 4 }],
    ['a name too long', { nameLength: 1024 }],
    ['an unknown type', { type: 2 }],
  ])('is not with %s', (_what, change) => {
    expect(bitmapEntryProblem(decoded(change), CLUSTER_SIZE, DISK_SIZE)).not.toBeNull();
  });

  it('may lack a name', () => {
    expect(bitmapEntryProblem(decoded({ nameLength: 0, name: '' }), CLUSTER_SIZE, DISK_SIZE)).toBeNull();
  });

  it('may be too small for the disk only while it is in use', () => {
    const huge = 2 ** 50;
    expect(bitmapEntryProblem(decoded(), CLUSTER_SIZE, huge)).toBe('it is too small for the disk');
    expect(bitmapEntryProblem(decoded({ flags: BITMAP_IN_USE }), CLUSTER_SIZE, huge)).toBeNull();
  });
});

describe('a bitmap table entry', () => {
  it('points to bits, or says all 0 or all 1', () => {
    expect(bitmapDataOf(0, 0)).toBe('all-zeros');
    expect(bitmapDataOf(0, 1)).toBe('all-ones');
    expect(bitmapDataOf(1, 0x10000)).toBe(2 ** 32 + 0x10000);
  });

  it('has reserved bits, and bit 0 where it points to bits', () => {
    expect(bitmapTableEntryHasReservedBits(0, 1)).toBe(false);
    expect(bitmapTableEntryHasReservedBits(0, 0x10000)).toBe(false);
    expect(bitmapTableEntryHasReservedBits(0, 0x10001)).toBe(true);
    expect(bitmapTableEntryHasReservedBits(0, 2)).toBe(true);
    expect(bitmapTableEntryHasReservedBits(0x01000000, 0)).toBe(true);
  });

  it('is read in pieces of a large table', () => {
    const storage = new MemoryStorage();
    storage.write(0x80000 + 9000 * 8, Uint8Array.of(0, 0, 0, 1, 0, 2, 0, 0));
    const pieces = [...readBitmapTable(storage, decoded({ tableSize: 10_000 }))];
    expect(pieces.map(({ index, halves }) => [index, halves.length])).toEqual([
      [0, 16384],
      [8192, 3616],
    ]);
    expect([...pieces[1]!.halves.subarray((9000 - 8192) * 2, (9000 - 8192) * 2 + 2)]).toEqual([1, 0x20000]);
  });
});
