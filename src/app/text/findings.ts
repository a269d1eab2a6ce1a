import type { FindingKind } from '#protocol';

export interface FindingWords {
  /** Heading of the group; `{n}` is the count. */
  readonly title: string;
  /** What it means for the data. */
  readonly meaning: string;
}

export const FINDING_WORDS: Readonly<Record<FindingKind, FindingWords>> = {
  'refcount-too-low': {
    title: 'Refcount lower than its references',
    meaning:
      'The cluster is in use but counted too low, so it could be handed out again and overwritten. Nothing is lost yet; the repair raises the counters.',
  },
  'refcount-too-high': {
    title: 'Leaked clusters',
    meaning: 'They belong to nobody. Space is lost, data is not; the repair frees them.',
  },
  'copied-flag-l1': {
    title: 'COPIED flag of an L1 entry is wrong',
    meaning:
      'The flag says whether an L2 table may be written in place. Wrong, it costs a copy or lets a write reach a snapshot.',
  },
  'copied-flag-l2': {
    title: 'COPIED flag of an L2 entry is wrong',
    meaning:
      'The flag says whether a cluster may be written in place. Wrong, it costs a copy or lets a write reach a snapshot.',
  },
  'l1-reserved-bits': {
    title: 'Reserved bits set in an L1 entry',
    meaning: 'Bits that must be zero are not: the entry was damaged or written by an unknown program.',
  },
  'l2-reserved-bits': {
    title: 'Reserved bits set in an L2 entry',
    meaning: 'Bits that must be zero are not: the entry was damaged or written by an unknown program.',
  },
  'l2-table-unaligned': {
    title: 'L2 table does not start at a cluster',
    meaning: 'The pointer is damaged; what the table mapped cannot be reached through it.',
  },
  'data-cluster-unaligned': {
    title: 'Data cluster does not start at a cluster',
    meaning: 'The pointer is damaged; reading there gives an error.',
  },
  'preallocated-cluster-unaligned': {
    title: 'Preallocated zero cluster does not start at a cluster',
    meaning: 'It reads as zeros all the same; the repair drops the bad pointer.',
  },
  'compressed-copied': {
    title: 'Compressed cluster with the COPIED flag',
    meaning: 'Compressed clusters are never written in place, so the flag has no place there.',
  },
  'compressed-with-data-file': {
    title: 'Compressed cluster in an image with a data file',
    meaning: 'The format does not allow it; such a cluster cannot be read.',
  },
  'compressed-with-bitmap': {
    title: 'Compressed cluster with a subcluster bitmap',
    meaning: 'The bitmap must be zero for compressed clusters.',
  },
  'subcluster-bitmap-invalid': {
    title: 'Subcluster bitmap contradicts itself',
    meaning: 'A subcluster is marked both as allocated and as zero.',
  },
  'beyond-end-of-file': {
    title: 'Pointer past the end of the file',
    meaning: 'What it refers to is not there: the file was cut short, or never grew to that size. It reads as zeros.',
  },
  'reference-overflow': {
    title: 'More references than the counter can hold',
    meaning: 'A wider refcount is needed for that many snapshots.',
  },
  'cross-linked': {
    title: 'Cross-linked clusters',
    meaning:
      'Two places use one cluster as their own: one of them shows the other’s data. The repair stops it from spreading, but cannot tell which is right.',
  },
  'refcount-table-reserved-bits': {
    title: 'Reserved bits set in the refcount table',
    meaning: 'The entry was damaged; the refcounts are rebuilt from the references.',
  },
  'refcount-block-unaligned': {
    title: 'Refcount block does not start at a cluster',
    meaning: 'The counters cannot be read; they are rebuilt from the references.',
  },
  'refcount-block-outside': {
    title: 'Refcount block outside the file',
    meaning: 'The counters cannot be read; they are rebuilt from the references.',
  },
  'refcount-block-referenced': {
    title: 'Refcount block that something else uses too',
    meaning: 'Its counters cannot be trusted; they are rebuilt from the references.',
  },
  'snapshot-table-incomplete': {
    title: 'Snapshot without its newer fields',
    meaning: 'Written by an old program. The snapshot is usable; the repair adds the fields.',
  },
  'snapshot-table-invalid': {
    title: 'Snapshot table is damaged',
    meaning: 'Snapshots that cannot be read cannot be restored. The active disk is not affected.',
  },
  'snapshot-l1-invalid': {
    title: 'L1 table of a snapshot is damaged',
    meaning: 'That snapshot cannot be read. The active disk is not affected.',
  },
  'bitmap-invalid': {
    title: 'Dirty bitmap is damaged',
    meaning: 'The next incremental backup has to be a full one. Guest data is not affected.',
  },
  'io-error': {
    title: 'Could not be read',
    meaning: 'The disk below refused to read this part, so the check says nothing about it.',
  },
};
