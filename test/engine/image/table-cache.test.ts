import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ImageFile } from '../../../src/engine/image/image-file.ts';
import { TableCache } from '../../../src/engine/image/table-cache.ts';
import { MemoryStorage } from '../../../src/engine/storage/memory.ts';
import { SEED } from '../../tools/seed.ts';

const SLICE = 4096;
const SLICES = 64;
/** So many slices a cache keeps at least. */
const KEPT = 16;

function cacheOver(options: { reusesMemory: boolean }): TableCache {
  const bytes = new Uint8Array(SLICES * SLICE);
  for (let index = 0; index < SLICES; index++) bytes.fill(index + 1, index * SLICE, (index + 1) * SLICE);
  const file = new ImageFile(MemoryStorage.from(bytes), 'writeback');
  return new TableCache(file, {
    clusterSize: SLICE,
    sizeMax: KEPT * SLICE,
    purpose: 'l2-update',
    loadEvent: null,
    writeEvent: 'l2_update',
    ...options,
  });
}

const holds = (bytes: Uint8Array, index: number) => bytes.every((byte) => byte === index + 1);

describe('a cache of tables that reuses memory', () => {
  it(`keeps a slice and the one before it as they are, whatever gives way (seed ${SEED})`, () => {
    fc.assert(
      fc.property(fc.array(fc.nat(SLICES - 1), { minLength: 100, maxLength: 300 }), (indexes) => {
        const cache = cacheOver({ reusesMemory: true });
        let before: { bytes: Uint8Array; index: number } | null = null;
        for (const index of indexes) {
          const { bytes } = cache.get(index * SLICE);
          expect(holds(bytes, index)).toBe(true);
          if (before !== null) expect(holds(before.bytes, before.index)).toBe(true);
          before = { bytes, index };
        }
      }),
    );
  });

  it('needs no memory beyond the slices that it keeps', () => {
    const used = (reusesMemory: boolean) => {
      const cache = cacheOver({ reusesMemory });
      return new Set(Array.from({ length: SLICES }, (_, index) => cache.get(index * SLICE).bytes)).size;
    };
    expect(used(true)).toBe(KEPT);
    expect(used(false)).toBe(SLICES);
  });
});
