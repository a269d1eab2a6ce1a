import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isEngineError } from '../../../src/engine/errors.ts';
import { decodeName } from '../../../src/engine/format/name.ts';
import { createImage } from '../../../src/engine/image/create.ts';
import { readHead, type ImageHead } from '../../../src/engine/image/head.ts';
import { encodeHeaderCluster } from '../../../src/engine/image/header-cluster.ts';
import { MemoryStorage } from '../../../src/engine/storage/memory.ts';

function headOf(options: Parameters<typeof createImage>[1]): ImageHead {
  const storage = new MemoryStorage();
  createImage(storage, options);
  return readHead(storage, { writable: false });
}

function reread(head: ImageHead): ImageHead {
  return readHead(MemoryStorage.from(encodeHeaderCluster(head)), { writable: false });
}

describe('encodeHeaderCluster', () => {
  it('is one whole cluster', () => {
    expect(encodeHeaderCluster(headOf({ size: 0, clusterSize: 2048 })).length).toBe(2048);
  });

  it('puts the backing file name directly behind the end marker, without padding', () => {
    const cluster = encodeHeaderCluster(headOf({ size: 0, backingFile: 's.q', backingFormat: 'qcow2' }));
    expect(Buffer.from(cluster.subarray(0x208, 0x214)).toString('latin1')).toBe('\0\0\0\0\0\0\0\0s.q\0');
  });

  it('turns the order of unknown extensions around, as QEMU does at every open and rewrite', () => {
    const head = headOf({ size: 0 });
    const unknown = [1, 2, 3].map((magic) => ({ magic, data: Uint8Array.of(magic) }));
    const once = reread({ ...head, extensions: { ...head.extensions, unknown } });
    expect(once.extensions.unknown.map(({ magic }) => magic)).toEqual([3, 2, 1]);
    expect(reread(once).extensions.unknown).toEqual(unknown);
  });

  it('says that the header is full instead of cutting something off', () => {
    const head = headOf({ size: 0, clusterSize: 512 });
    const fitting = { ...head, backingFormat: 'qcow2', backingFile: 'n'.repeat(376) };
    expect(reread(fitting).backingFile).toBe(fitting.backingFile);
    expect(() => encodeHeaderCluster({ ...fitting, backingFile: 'n'.repeat(377) })).toThrow(
      'No space left in the file header',
    );
  });

  it('keeps everything that a head holds', () => {
    const bytes = fc.uint8Array({ maxLength: 50 });
    const name = fc.uint8Array({ min: 1, maxLength: 60 }).map(decodeName);
    const parts = fc.record({
      compat: fc.constantFrom('0.10' as const, '1.1' as const),
      clusterSize: fc.constantFrom(512, 4096, 8192, 65536),
      backingFile: fc.option(name),
      backingFormat: fc.option(name.filter((text) => text.length < 12)),
      unknown: fc.array(fc.record({ magic: fc.integer({ min: 1, max: 1000 }), data: bytes }), { maxLength: 4 }),
      unknownFields: fc
        .uint8Array({ minLength: 0, maxLength: 5 })
        .map((seed) => new Uint8Array(seed.length * 8).fill(7)),
    });
    fc.assert(
      fc.property(parts, ({ compat, clusterSize, unknown, unknownFields, ...names }) => {
        const head = headOf({ size: 512, compat, clusterSize });
        const header = { ...head.header, unknownFields: compat === '1.1' ? unknownFields : new Uint8Array(0) };
        const full = { ...head, ...names, header, extensions: { ...head.extensions, unknown } };
        let again: ImageHead;
        try {
          again = reread(full);
        } catch (error) {
          expect(isEngineError(error, 'no-space')).toBe(true);
          return;
        }
        expect(again).toMatchObject({
          backingFile: names.backingFile,
          backingFormat: names.backingFormat,
          extensions: { unknown: unknown.toReversed() },
        });
        expect(again.header.unknownFields).toEqual(header.unknownFields);
      }),
    );
  });
});
