import type { HostOffset } from '../format/addresses.ts';
import { HEADER } from '../format/header.ts';
import type { Storage } from '../storage/storage.ts';
import { annotateBitmaps } from './annotate-bitmaps.ts';
import { annotateHeaderCluster } from './annotate-header.ts';
import { annotateRefcounts } from './annotate-refcounts.ts';
import { annotateSnapshots } from './annotate-snapshots.ts';
import { annotateL1WithL2 } from './annotate-tables.ts';
import { AnnotationSink } from './annotation-sink.ts';
import { readOutline } from './outline.ts';
import type { Annotation } from './use.ts';

/** Larger than any cluster; a longer range is annotated up to here. */
const ANNOTATED_LENGTH_MAX = 4 * 1024 * 1024;

/**
 * Labels the bytes of a host range: header fields, extensions, tables and their entries. Guest data has no labels. Never
 * throws because of what the image holds; structures that overlap by mistake are both labelled.
 */
export function annotate(storage: Storage, at: HostOffset, length: number): Annotation[] {
  const sink = new AnnotationSink(at, Math.min(length, ANNOTATED_LENGTH_MAX));
  const outline = readOutline(storage);
  if (outline === null) {
    const bytes = new Uint8Array(HEADER.size);
    storage.read(0, bytes);
    sink.addStruct(HEADER, bytes, 0, { end: HEADER.fields.backingFileOffset.at });
    return sink.sorted();
  }
  annotateHeaderCluster(sink, storage, outline);
  annotateRefcounts(sink, storage, outline);
  annotateL1WithL2(sink, storage, outline.geometry, { table: outline.l1, prefix: '' });
  annotateSnapshots(sink, storage, outline);
  annotateBitmaps(sink, storage, outline);
  if (outline.luks !== null) {
    sink.add(outline.luks.at, outline.luks.length, {
      label: 'LUKS header',
      value: 'encryption header and key slots',
      meaning: 'what is needed to unlock the disk with a passphrase',
    });
  }
  return sink.sorted();
}
