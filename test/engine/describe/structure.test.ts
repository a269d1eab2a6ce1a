import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { structureChildren } from '../../../src/engine/describe/structure.ts';
import type { StructureNode } from '../../../src/engine/describe/use.ts';
import { createImage } from '../../../src/engine/image/create.ts';
import { MemoryStorage } from '../../../src/engine/storage/memory.ts';
import { PLACES, sampleImage } from './sample.ts';

const ALL = 1_000_000;

function rows(storage: MemoryStorage, path: string): string[] {
  return structureChildren(storage, path, 0, ALL).map(({ label, detail }) => `${label}: ${detail}`);
}

/** All nodes below `path`. */
function unfold(storage: MemoryStorage, path = ''): StructureNode[] {
  return structureChildren(storage, path, 0, ALL).flatMap((node) => [node, ...unfold(storage, node.path)]);
}

describe('the structure tree', () => {
  const storage = sampleImage();

  it('lists no snapshots that the file has no bytes for', () => {
    const cutOff = sampleImage();
    cutOff.write(60, Uint8Array.of(0xff, 0xff, 0xff, 0xff));
    cutOff.truncate(PLACES.snapshotTable + 400);
    expect(rows(cutOff, 'snapshots').length).toBeLessThan(11);
  });

  it('starts with the structures that the image has', () => {
    expect(rows(storage, '')).toEqual([
      'Header: version 3, 160 KiB',
      'Header extensions: 2 extensions',
      'Refcount table: 1 refcount block',
      'L1 table: 1 L2 table',
      'Snapshots: 1 snapshot',
      'Bitmaps: 1 bitmap',
    ]);
    const bare = new MemoryStorage();
    createImage(bare, { size: 0 });
    expect(rows(bare, '').length).toBe(4);
  });

  it('unfolds an L1 table to L2 tables and these to runs', () => {
    expect(rows(storage, 'l1')).toEqual(['L2 table 0: guest 0x0–0x1fffff']);
    expect(rows(storage, 'l1/0')).toEqual(['L2[0][0–39]: guest 0x0–0x27fff: normal, host 0x5000, copied']);
  });

  it('ends a run where the host clusters are not contiguous or the kind changes', () => {
    const image = sampleImage();
    image.write(0x4000 + 10 * 8, new Uint8Array(8));
    image.write(0x4000 + 20 * 8, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1));
    image.write(0x4000 + 30 * 8 + 7, Uint8Array.of(1));
    expect(structureChildren(image, 'l1/0', 0, ALL).map(({ label }) => label)).toEqual([
      'L2[0][0–9]',
      'L2[0][11–19]',
      'L2[0][20–21]',
      'L2[0][22–29]',
      'L2[0][30]',
      'L2[0][31–39]',
    ]);
  });

  it('unfolds refcounts to runs of equal ones', () => {
    expect(rows(storage, 'refcounts/0')).toEqual(['Host clusters 0–44: 1 reference']);
  });

  it('unfolds a snapshot to its own tables', () => {
    expect(rows(storage, 'snapshots')).toEqual(['Snapshot 7 "before": L1 table at 0x41000, 1 L2 table']);
    expect(structureChildren(storage, 'snapshots/0', 0, 1)[0]).toMatchObject({
      use: 'snapshot-l2',
      at: PLACES.snapshotL2,
    });
    expect(rows(storage, 'snapshots/0/0')).toEqual(['L2[0][5]: guest 0x5000–0x5fff: normal, host 0x50000']);
  });

  it('unfolds a bitmap to its table', () => {
    expect(rows(storage, 'bitmaps/0')).toEqual(['Table[0]: guest 0x0–0x7fffffff: bits at 0x45000']);
  });

  it('gives the children that were asked for', () => {
    const all = structureChildren(storage, 'header', 0, ALL);
    expect(structureChildren(storage, 'header', 3, 2)).toEqual(all.slice(3, 5));
    expect(structureChildren(storage, 'header', 100, 5)).toEqual([]);
  });

  it('says of every node how many children it has', () => {
    for (const node of unfold(storage)) {
      expect([node.path, structureChildren(storage, node.path, 0, ALL).length]).toEqual([node.path, node.childCount]);
    }
  });

  it('has no children for a path that leads nowhere', () => {
    for (const path of [
      'l1/9',
      'l1/x',
      'snapshots/5',
      'bitmaps/5',
      'refcounts/500',
      'extensions/1',
      'nothing',
      'luks/1',
    ]) {
      expect(structureChildren(storage, path, 0, 10)).toEqual([]);
    }
  });

  it('never throws, and its counts stay true, however broken the image is', () => {
    const bytes = sampleImage().toBytes();
    const change = fc.record({
      at: fc.oneof(
        fc.nat(0x300),
        fc.nat(0x46000).map((at) => at - (at % 8)),
      ),
      byte: fc.constantFrom(0, 1, 0x10, 0x7f, 0x80, 0xff),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
        const image = MemoryStorage.from(bytes);
        for (const { at, byte } of changes) image.write(at, Uint8Array.of(byte));
        for (const node of structureChildren(image, '', 0, 10)) {
          expect(structureChildren(image, node.path, 0, ALL).length).toBe(node.childCount);
        }
      }),
      { numRuns: 50 },
    );
  });
});
