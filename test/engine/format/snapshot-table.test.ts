import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeName } from '../../../src/engine/format/name.ts';
import {
  encodeSnapshotTable,
  readSnapshotEntry,
  readSnapshotTable,
  type SnapshotFields,
} from '../../../src/engine/format/snapshot-table.ts';
import { MemoryStorage } from '../../../src/engine/storage/memory.ts';

const TABLE_AT = 4096;

const SNAPSHOT: SnapshotFields = {
  l1TableOffset: 0x40000,
  l1Size: 3,
  id: '1',
  name: 'before',
  dateSeconds: 1_700_000_000,
  dateNanoseconds: 5,
  vmClock: 123_456_789_012n,
  vmStateSize: 0,
  diskSize: 64 * 2 ** 20,
  icount: 0n,
  unknownExtraData: new Uint8Array(0),
};

function readBack(table: Uint8Array, count: number) {
  const storage = new MemoryStorage();
  storage.write(TABLE_AT, table);
  return [...readSnapshotTable(storage, TABLE_AT, count)];
}

describe('the snapshot table', () => {
  it('starts every entry at a multiple of 8 and does not pad the last', () => {
    const table = encodeSnapshotTable([SNAPSHOT, { ...SNAPSHOT, id: '2', name: 'after it' }], 0);
    const entries = readBack(table, 2);
    expect(entries.map(({ at, length }) => [at, length])).toEqual([
      [TABLE_AT, 40 + 24 + 1 + 6],
      [TABLE_AT + 72, 40 + 24 + 1 + 8],
    ]);
    expect(table.length).toBe(72 + 73);
  });

  it('stores a VM state beyond 32 bits in the extra data only', () => {
    const [entry] = readBack(encodeSnapshotTable([{ ...SNAPSHOT, vmStateSize: 2 ** 33 }], 0), 1);
    expect(entry!.vmStateSize).toBe(2 ** 33);
  });

  it('takes the present disk size for an entry that does not say', () => {
    const [entry] = readBack(encodeSnapshotTable([{ ...SNAPSHOT, diskSize: null }], 5 * 512), 1);
    expect(entry!.diskSize).toBe(5 * 512);
  });

  it.each([
    [0, { vmStateSize: 7, diskSize: null, icount: null }],
    [8, { vmStateSize: 9, diskSize: null, icount: null }],
    [16, { diskSize: 9, icount: null }],
    [24, { icount: 9n }],
  ])('reads %i bytes of extra data as far as they go', (extraDataSize, expected) => {
    const bytes = new Uint8Array(40 + extraDataSize);
    for (let at = 47; at < bytes.length; at += 8) bytes[at] = 9;
    bytes.set([0, 0, 0, 7, 0, 0, 0, extraDataSize], 32);
    expect(readSnapshotEntry(MemoryStorage.from(bytes), 0)).toMatchObject({ extraDataSize, ...expected });
  });

  it('keeps at most 1024 bytes of extra data, and finds the names behind all of it', () => {
    const bytes = new Uint8Array(40 + 2000 + 2);
    bytes.set([0, 1, 0, 1], 12);
    bytes.set([0, 0, 2000 >> 8, 2000 & 255], 36);
    bytes.set([0x61, 0x62], 2040);
    const entry = readSnapshotEntry(MemoryStorage.from(bytes), 0);
    expect(entry).toMatchObject({ id: 'a', name: 'b', extraDataSize: 2000, length: 2042 });
    expect(entry.unknownExtraData.length).toBe(1000);
  });

  it('has names up to their first zero byte, as C programs read them', () => {
    const table = encodeSnapshotTable([{ ...SNAPSHOT, id: '1\0x', name: 'before\0after' }], 0);
    expect(readBack(table, 1)).toMatchObject([{ id: '1', name: 'before', length: table.length }]);
  });

  it('decodes to what was encoded', () => {
    const name = fc.uint8Array({ min: 1, maxLength: 30 }).map(decodeName);
    const u32 = fc.integer({ min: 0, max: 0xffffffff });
    const size = fc.maxSafeNat();
    const snapshot = fc.record({
      l1TableOffset: size,
      l1Size: u32,
      id: name,
      name,
      dateSeconds: u32,
      dateNanoseconds: u32,
      vmClock: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      vmStateSize: size,
      diskSize: size,
      icount: fc.option(fc.bigInt({ min: 0n, max: 2n ** 64n - 2n })),
      unknownExtraData: fc.uint8Array({ maxLength: 1000 }),
    });
    fc.assert(
      fc.property(fc.array(snapshot, { maxLength: 5 }), (snapshots) => {
        const entries = readBack(encodeSnapshotTable(snapshots, 0), snapshots.length);
        const offsets = entries.map(({ l1TableOffsetBits }) => Number(l1TableOffsetBits));
        expect(offsets).toEqual(snapshots.map(({ l1TableOffset }) => l1TableOffset));
        const fields = entries.map(
          ({ at: _at, length: _length, extraDataSize: _size, l1TableOffsetBits: _bits, ...rest }) => rest,
        );
        expect(fields).toEqual(snapshots);
      }),
    );
  });
});
