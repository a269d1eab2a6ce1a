import type { RepairStepKind } from '#protocol';

export interface RepairStepWords {
  readonly title: string;
  /** For a bar on a timeline. */
  readonly short: string;
  /** Why the step is done and why it is safe, in a sentence or two. */
  readonly reason: string;
}

const WORDS: Record<RepairStepKind | 'scan' | 'compare', RepairStepWords> = {
  scan: {
    title: 'Scan',
    short: 'Scan',
    reason:
      'Every table that points somewhere is read: header, L1, L2, refcount table and blocks. L1 and L2 say what is in use; nothing is written.',
  },
  compare: {
    title: 'Compare',
    short: 'Compare',
    reason:
      'The references just counted are held against the refcounts on the disk. Refcounts are redundant, so wherever the two differ the references are right.',
  },
  'mend-snapshot-table': {
    title: 'Mend the snapshot table',
    short: 'Snapshots',
    reason: 'An entry of the snapshot table is not as the format wants it; what can be kept of it is written anew.',
  },
  'mend-entry': {
    title: 'Mend entries',
    short: 'Entries',
    reason: 'Table entries with impossible values are mended first, so that the count that follows can be trusted.',
  },
  'grow-file': {
    title: 'Grow the file',
    short: 'Grow',
    reason:
      'A mapping arrived before the file’s new size did. The file grows to cover the cluster; what was never written there reads as zeros.',
  },
  'write-new-refcount-blocks': {
    title: 'Write new refcount blocks',
    short: 'New blocks',
    reason:
      'A cluster in use has no refcount, so the blocks are built anew in free space. The old ones stay in force until the switch.',
  },
  'write-new-refcount-table': {
    title: 'Write the new refcount table',
    short: 'New table',
    reason:
      'The table that points to the new blocks goes to free space too. It must be durable before the header names it.',
  },
  'switch-to-new-refcounts': {
    title: 'Switch to the new refcounts',
    short: 'Switch',
    reason:
      'One sector of the header names the new table. A sector is written whole or not at all: before it the old table counts, after it the new one.',
  },
  'free-old-refcounts': {
    title: 'Free the old refcounts',
    short: 'Free old',
    reason: 'Nothing points to the old table and blocks any more; their clusters are given back.',
  },
  'raise-refcounts': {
    title: 'Raise refcounts',
    short: 'Raise',
    reason:
      'These clusters are referenced more often than counted. Raising comes before everything else: a cluster counted too low could be handed out twice.',
  },
  'lower-refcounts': {
    title: 'Lower refcounts',
    short: 'Lower',
    reason: 'These clusters are counted more often than referenced. Space was lost, data was not; it is given back.',
  },
  'fix-copied-flags': {
    title: 'Set the COPIED flags right',
    short: 'COPIED',
    reason:
      'COPIED says that a cluster has exactly one reference and may be written in place. It must agree with the refcounts just mended.',
  },
  'clear-dirty-bit': {
    title: 'Clear the dirty bit',
    short: 'Clear dirty',
    reason:
      'Last, when all refcounts are durable, the header says so. A power cut before this moment only means that the repair runs again.',
  },
  'mark-corrupt': {
    title: 'Mark the image corrupt',
    short: 'Mark',
    reason: 'Refcounts lie where none can. Until that is mended, nobody shall write to the image.',
  },
  'clear-corrupt-bit': {
    title: 'Clear the corrupt bit',
    short: 'Clear corrupt',
    reason: 'The contradictions that had set it are gone, so the image may be written again.',
  },
};

export function repairStepWords(kind: RepairStepKind | 'scan' | 'compare'): RepairStepWords {
  return WORDS[kind];
}
