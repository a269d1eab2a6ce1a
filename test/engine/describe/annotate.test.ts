import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { annotate } from '../../../src/engine/describe/annotate.ts';
import type { Annotation } from '../../../src/engine/describe/use.ts';
import { createImage } from '../../../src/engine/image/create.ts';
import { MemoryStorage } from '../../../src/engine/storage/memory.ts';
import { CLUSTER_SIZE, PLACES, sampleImage } from './sample.ts';

function clusterAt(storage: MemoryStorage, at: number): Annotation[] {
  return annotate(storage, at, CLUSTER_SIZE);
}

function labelled(annotations: readonly Annotation[], label: string): Annotation {
  const found = annotations.filter((annotation) => annotation.label === label);
  expect(found.map(({ label }) => label)).toEqual([label]);
  return found[0]!;
}

describe('annotate', () => {
  const storage = sampleImage();

  it('labels every byte of header and extensions exactly once', () => {
    const annotations = clusterAt(storage, 0);
    let next = 0;
    for (const { at, length } of annotations) {
      expect(at).toBe(next);
      next = at + length;
    }
    expect(labelled(annotations, 'end of extensions').at + 8).toBe(next);
  });

  it('says what a header field means and where it points', () => {
    expect(labelled(clusterAt(storage, 0), 'l1TableOffset')).toMatchObject({
      at: 40,
      length: 8,
      value: '0x3000',
      target: PLACES.l1,
    });
  });

  it('names feature bits', () => {
    expect(labelled(clusterAt(storage, 0), 'autoclearFeatures').value).toBe('0x1 (bitmaps)');
  });

  it('shows an unknown extension with its bytes', () => {
    const annotations = clusterAt(storage, 0);
    expect(labelled(annotations, 'extension data').value).toBe('de ad');
    expect(annotations.some(({ value }) => value === 'unknown extension 0x12345678')).toBe(true);
  });

  it('labels entries of the refcount table and of its blocks', () => {
    expect(labelled(clusterAt(storage, 0x1000), 'refcount table[0]')).toMatchObject({ target: 0x2000 });
    expect(labelled(clusterAt(storage, 0x1000), 'refcount table[1–511]').value).toBe('no refcount block');
    expect(labelled(clusterAt(storage, 0x2000), 'refcounts[0–44]')).toMatchObject({ at: 0x2000, length: 90 });
  });

  it('labels L1 and L2 entries with the guest range that they map', () => {
    expect(labelled(clusterAt(storage, PLACES.l1), 'L1[0]')).toMatchObject({
      value: 'L2 table at 0x4000, copied',
      meaning: 'guest 0x0–0x1fffff',
      target: 0x4000,
    });
    expect(labelled(clusterAt(storage, 0x4000), 'L2[0][39]')).toMatchObject({
      at: 0x4000 + 39 * 8,
      value: 'normal, host 0x2c000, copied',
      meaning: 'guest 0x27000–0x27fff',
    });
    expect(labelled(clusterAt(storage, 0x4000), 'L2[0][40–511]').value).toBe('unallocated');
  });

  it('labels the snapshot table and the tables of a snapshot', () => {
    const table = clusterAt(storage, PLACES.snapshotTable);
    expect(labelled(table, 'snapshot 7 name').value).toBe('before');
    expect(labelled(table, 'snapshot 7 icount').value).toBe('not recorded');
    expect(labelled(table, 'snapshot 7 extra data').length).toBe(3);
    expect(labelled(clusterAt(storage, PLACES.snapshotL1), 'snapshot 7 L1[0]').target).toBe(PLACES.snapshotL2);
    expect(labelled(clusterAt(storage, PLACES.snapshotL2), 'snapshot 7 L2[0][5]').target).toBe(0x50000);
  });

  it('labels the bitmap directory, bitmap tables and bits', () => {
    expect(labelled(clusterAt(storage, PLACES.bitmapDirectory), 'bitmap "b0" tableOffset').target).toBe(
      PLACES.bitmapTable,
    );
    expect(labelled(clusterAt(storage, PLACES.bitmapTable), 'bitmap "b0" table[0]').target).toBe(PLACES.bitmapBits);
    expect(labelled(clusterAt(storage, PLACES.bitmapBits), 'bitmap "b0" bits[0]').length).toBe(CLUSTER_SIZE);
  });

  it('has nothing to say about guest data', () => {
    expect(clusterAt(storage, 0x10000)).toEqual([]);
  });

  it('labels only what touches the range', () => {
    expect(annotate(storage, 0x4000 + 12, 1).map(({ label }) => label)).toEqual(['L2[0][1]']);
  });

  it('counts the subclusters of an extended entry', () => {
    const image = new MemoryStorage();
    createImage(image, { size: 2 ** 20, clusterSize: 16384, extendedL2: true, preallocation: 'metadata' });
    image.write(0x10000 + 8, Uint8Array.of(0, 0, 0, 0xff, 0, 0, 0xff, 0));
    expect(labelled(annotate(image, 0x10000, 16384), 'L2[0][0]').value).toBe(
      '8 zero-alloc + 8 normal + 16 unallocated-alloc, host 0x14000, copied',
    );
  });

  it.each([1, 2, 4, 8, 32, 64])('labels refcounts %i bits wide without overlap', (refcountBits) => {
    const image = new MemoryStorage();
    createImage(image, { size: 2 ** 20, clusterSize: CLUSTER_SIZE, refcountBits });
    const annotations = annotate(image, 0x2000, CLUSTER_SIZE);
    expect(annotations.reduce((sum, { length }) => sum + length, 0)).toBe(CLUSTER_SIZE);
    expect(annotations[0]!.label.startsWith('refcounts[0')).toBe(true);
  });

  it('looks at the first fields of what is no qcow2 image', () => {
    const text = MemoryStorage.from(Buffer.from('Hello, world'));
    expect(annotate(text, 0, 512).map(({ label, value }) => [label, value])).toEqual([
      ['magic', '0x48656c6c'],
      ['version', String(0x6f2c2077)],
    ]);
  });

  it('never throws and never outgrows its range, however broken the image is', () => {
    const bytes = sampleImage().toBytes();
    const change = fc.record({
      at: fc.oneof(
        fc.nat(0x300),
        fc.nat(0x46000).map((at) => at - (at % 8)),
      ),
      byte: fc.constantFrom(0, 1, 0x10, 0x7f, 0x80, 0xff),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), fc.nat(0x46), (changes, cluster) => {
        const image = MemoryStorage.from(bytes);
        for (const { at, byte } of changes) image.write(at, Uint8Array.of(byte));
        const annotations = clusterAt(image, cluster * CLUSTER_SIZE);
        expect(annotations.length).toBeLessThan(3 * CLUSTER_SIZE);
        for (const { at, length } of annotations) {
          expect(length).toBeGreaterThan(0);
          expect(at < (cluster + 1) * CLUSTER_SIZE && at + length > cluster * CLUSTER_SIZE).toBe(true);
        }
      }),
      { numRuns: 50 },
    );
  });
});
