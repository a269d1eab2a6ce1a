import type { ClusterHealth, ClusterUse } from '#protocol';

export interface UseWords {
  readonly name: string;
  readonly letter: string;
  /** What such a cluster holds, in one sentence. */
  readonly about: string;
}

export const USE_WORDS: Readonly<Record<ClusterUse, UseWords>> = {
  free: { name: 'free', letter: '', about: 'Refcount 0, nothing refers to it.' },
  header: { name: 'header', letter: 'H', about: 'Size, features, and where the tables are.' },
  l1: { name: 'L1 table', letter: '1', about: 'Points to L2 tables, one entry for each.' },
  l2: { name: 'L2 table', letter: '2', about: 'Maps guest clusters to host clusters.' },
  'refcount-table': { name: 'refcount table', letter: 'T', about: 'Points to refcount blocks.' },
  'refcount-block': { name: 'refcount block', letter: 'R', about: 'A counter for each cluster of the file.' },
  data: { name: 'data', letter: 'D', about: 'A cluster of the guest’s disk.' },
  compressed: { name: 'compressed', letter: 'C', about: 'Compressed guest clusters, packed.' },
  'snapshot-table': { name: 'snapshot table', letter: 'S', about: 'Names, dates and sizes of the snapshots.' },
  'snapshot-l1': { name: 'snapshot L1', letter: 'S', about: 'The L1 table as it was at a snapshot.' },
  'snapshot-l2': { name: 'snapshot L2', letter: 'S', about: 'An L2 table that only snapshots use.' },
  'snapshot-data': { name: 'snapshot data', letter: 'S', about: 'Guest data that only snapshots use.' },
  bitmap: { name: 'bitmap', letter: 'B', about: 'Dirty bitmaps for incremental backup.' },
  luks: { name: 'LUKS header', letter: 'K', about: 'Keys of an encrypted image.' },
  unknown: { name: 'unknown', letter: '?', about: 'Has a refcount, but nothing says what for.' },
};

/** The custom property that colours a use. */
export function useColor(use: ClusterUse): string {
  return `var(--use-${use.startsWith('snapshot') ? 'snapshot' : use})`;
}

export const HEALTH_WORDS: Readonly<Record<ClusterHealth, { readonly name: string; readonly about: string }>> = {
  sound: { name: 'sound', about: 'Refcount and references agree.' },
  leaked: { name: 'leaked', about: 'Its refcount is higher than its references: space is lost, data is not.' },
  'missing-reference': {
    name: 'refcount too low',
    about: 'More references than its refcount says: it could be handed out again and overwritten.',
  },
  'cross-linked': {
    name: 'cross-linked',
    about: 'Two places use it as their own: what one writes, the other reads.',
  },
};
