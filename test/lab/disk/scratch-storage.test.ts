import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '#engine';
import { expectBytes } from '../../engine/storage/contract-cases.ts';
import { ScratchStorage } from '../../../src/lab/disk/scratch-storage.ts';

const at = fc.nat(20000);
const change = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), at, length: fc.nat(9000), fill: fc.nat(255) }),
  fc.record({ kind: fc.constant('discard' as const), at, length: fc.nat(9000) }),
  fc.record({ kind: fc.constant('truncate' as const), at }),
);

describe('changes kept apart from a storage', () => {
  it('read as if they had been made in place, and leave what is below as it was', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 12000 }), fc.array(change, { maxLength: 12 }), (original, changes) => {
        const below = MemoryStorage.from(original);
        const inPlace = MemoryStorage.from(original);
        const scratch = new ScratchStorage(below);
        for (const c of changes) {
          for (const storage of [inPlace, scratch]) {
            if (c.kind === 'write') storage.write(c.at, new Uint8Array(c.length).fill(c.fill));
            if (c.kind === 'discard') storage.discard(c.at, c.length);
            if (c.kind === 'truncate') storage.truncate(c.at);
          }
        }
        const bytes = new Uint8Array(30000);
        scratch.read(0, bytes);
        const expected = new Uint8Array(30000);
        expected.set(inPlace.toBytes());
        expect(scratch.size).toBe(inPlace.size);
        expectBytes(bytes, expected);
        expectBytes(below.toBytes(), original);
      }),
    );
  });
});
