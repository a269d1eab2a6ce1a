import type { Purpose } from '#protocol';

/** How an I/O event looks wherever the lab shows it: a letter and a design token; never colour alone. */
export interface PurposeLook {
  readonly letter: string;
  /** CSS custom property that holds the colour. */
  readonly token: `--${string}`;
}

const DATA: PurposeLook = { letter: 'D', token: '--use-data' };
const L2: PurposeLook = { letter: '2', token: '--use-l2' };
const L1: PurposeLook = { letter: '1', token: '--use-l1' };
const REFBLOCK: PurposeLook = { letter: 'R', token: '--use-refcount-block' };
const REFTABLE: PurposeLook = { letter: 'T', token: '--use-refcount-table' };
const HEADER: PurposeLook = { letter: 'H', token: '--use-header' };
const SNAPSHOT: PurposeLook = { letter: 'S', token: '--use-snapshot' };
const BITMAP: PurposeLook = { letter: 'B', token: '--use-bitmap' };
const SPACE: PurposeLook = { letter: '–', token: '--use-unknown' };
const FLUSH: PurposeLook = { letter: '┃', token: '--text' };

const LOOKS: Record<Purpose, PurposeLook> = {
  'guest-data': DATA,
  'cow-copy': { ...DATA, letter: 'C' },
  'zero-fill': { ...DATA, letter: 'Z' },
  'compressed-data': { letter: 'D', token: '--use-compressed' },
  'l2-update': L2,
  'l2-new': L2,
  'l1-update': L1,
  'l1-grow': L1,
  'refblock-update': REFBLOCK,
  'refblock-new': REFBLOCK,
  'reftable-update': REFTABLE,
  'reftable-grow': REFTABLE,
  'header-dirty': HEADER,
  'header-clean': HEADER,
  'header-corrupt': HEADER,
  'header-other': HEADER,
  'snapshot-table': SNAPSHOT,
  'snapshot-l1': SNAPSHOT,
  'bitmap-dir': BITMAP,
  'bitmap-data': BITMAP,
  discard: SPACE,
  truncate: SPACE,
  create: HEADER,
  'repair-refblock': REFBLOCK,
  'repair-reftable': REFTABLE,
  'repair-header': HEADER,
  'repair-l1': L1,
  'repair-l2': L2,
  'repair-snapshot-table': SNAPSHOT,
  'repair-truncate': SPACE,
  'repair-discard': SPACE,
  'flush-ordering': FLUSH,
  'flush-guest': FLUSH,
  'flush-close': FLUSH,
  'flush-repair': FLUSH,
};

export function lookOf(purpose: Purpose): PurposeLook {
  return LOOKS[purpose];
}

const DEEP: ReadonlySet<string> = new Set([
  '--use-l1',
  '--use-refcount-table',
  '--use-snapshot',
  '--use-luks',
  '--use-unknown',
]);

/** The token for a letter that can be read on a colour of use in both themes. */
export function inkOn(token: string): `--${string}` {
  if (!token.startsWith('--use-')) return '--surface-1';
  return DEEP.has(token) ? '--on-use-deep' : '--on-use-pale';
}
