import type { Purpose } from '#engine';
import type { TraceEvent } from './trace.ts';

/** The short names in which write sequences are stated and compared. */
const WORDS: Record<Purpose, string> = {
  'guest-data': 'DATA',
  'cow-copy': 'COW',
  'zero-fill': 'ZERO',
  'compressed-data': 'CDATA',
  'l2-update': 'L2',
  'l2-new': 'L2new',
  'l1-update': 'L1',
  'l1-grow': 'L1new',
  'refblock-update': 'RB',
  'refblock-new': 'RBnew',
  'reftable-update': 'RT',
  'reftable-grow': 'RTnew',
  'header-dirty': 'DIRTY',
  'header-clean': 'CLEAN',
  'header-corrupt': 'CORRUPT',
  'header-other': 'HEADER',
  'snapshot-table': 'SNAPTAB',
  'snapshot-l1': 'SNAPL1',
  'bitmap-dir': 'BITMAPS',
  'bitmap-data': 'BITMAP',
  discard: 'PUNCH',
  truncate: 'TRUNC',
  create: 'CREATE',
  'repair-refblock': 'RB!',
  'repair-reftable': 'RT!',
  'repair-header': 'HEADER!',
  'repair-l1': 'L1!',
  'repair-l2': 'L2!',
  'repair-snapshot-table': 'SNAPTAB!',
  'repair-truncate': 'TRUNC!',
  'repair-discard': 'PUNCH!',
  'flush-ordering': 'F',
  'flush-guest': 'F',
  'flush-close': 'F',
  'flush-repair': 'F',
};

/** A trace in one line: `DATA DIRTY F L2 F`; any flush is `F`. */
export function sequenceOf(events: readonly Pick<TraceEvent, 'purpose'>[]): string {
  return events.map((event) => WORDS[event.purpose]).join(' ');
}
