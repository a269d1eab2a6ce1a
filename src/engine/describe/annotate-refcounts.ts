import type { HostOffset } from '../format/addresses.ts';
import type { Geometry } from '../format/geometry.ts';
import { joinHalves } from '../bytes/big-endian.ts';
import { getRefcount } from '../format/refcount-block.ts';
import type { Storage } from '../storage/storage.ts';
import { annotateEntries, findPointersInto } from './annotate-tables.ts';
import type { AnnotationSink } from './annotation-sink.ts';
import { indexText, refcountTableEntryText, refcountText } from './entry-text.ts';
import { hex } from './field-text.ts';
import type { Outline } from './outline.ts';

/** Labels the refcount table and the refcount blocks. */
export function annotateRefcounts(sink: AnnotationSink, storage: Storage, { geometry, refcountTable }: Outline): void {
  const { clusterSize, refcountBlockCoverage } = geometry;
  annotateEntries(sink, storage, refcountTable, {
    entrySize: 8,
    label: (first, count) => `refcount table${indexText(first, count)}`,
    meaning: (first, count) =>
      `refcounts of host ${hex(first * refcountBlockCoverage)}–${hex((first + count) * refcountBlockCoverage - 1)}`,
    text: refcountTableEntryText,
  });
  const blocks = findPointersInto(sink, storage, refcountTable, clusterSize, refcountBlockOffsetOf);
  for (const { index, target } of blocks) annotateBlock(sink, storage, geometry, { tableIndex: index, at: target });
}

export function refcountBlockOffsetOf(high: number, low: number): HostOffset {
  return joinHalves(high, low & 0xfffffe00);
}

/** Labels equal refcounts together; where several share a byte, equal bytes. */
function annotateBlock(
  sink: AnnotationSink,
  storage: Storage,
  { clusterSize, refcountBits, refcountBlockEntries }: Geometry,
  { tableIndex, at }: { tableIndex: number; at: HostOffset },
): void {
  const unitBytes = Math.max(1, refcountBits / 8);
  const unitEntries = Math.max(1, 8 / refcountBits);
  const start = Math.max(0, Math.floor((sink.start - at) / unitBytes)) * unitBytes;
  const end = Math.min(clusterSize, Math.ceil((sink.end - at) / unitBytes) * unitBytes);
  const bytes = new Uint8Array(end - start);
  storage.read(at + start, bytes);
  const isEqual = (a: number, b: number) => {
    for (let index = 0; index < unitBytes; index++) if (bytes[a + index] !== bytes[b + index]) return false;
    return true;
  };
  const firstCluster = tableIndex * refcountBlockEntries + (start / unitBytes) * unitEntries;
  for (let unit = 0; unit < bytes.length;) {
    let next = unit + unitBytes;
    while (next < bytes.length && isEqual(unit, next)) next += unitBytes;
    const cluster = firstCluster + (unit / unitBytes) * unitEntries;
    sink.add(at + start + unit, next - unit, {
      label: `refcounts${indexText(cluster, ((next - unit) / unitBytes) * unitEntries)}`,
      value: unitText(bytes.subarray(unit, unit + unitBytes), refcountBits, unitEntries),
      meaning: 'how often each of these host clusters is referred to',
    });
    unit = next;
  }
}

/** The refcounts in one unit; one number where all are equal. */
function unitText(unit: Uint8Array, refcountBits: number, entries: number): string {
  const refcounts = Array.from({ length: entries }, (_, index) => getRefcount(unit, refcountBits, index));
  return refcounts.every((refcount) => refcount === refcounts[0]) ? refcountText(refcounts[0]!) : refcounts.join(' ');
}
