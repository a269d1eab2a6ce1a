import type { ImageRefusal } from '#protocol';
import { fileWord } from './commands.ts';
import { stateWords } from './verdict.ts';

/** Why a file cannot be opened as an image: what happened, what it means for the data, what can be done. */
export interface RefusalWords {
  readonly sentence: string;
  readonly data: string;
  readonly remedy: string;
  /** The field that is in the way, as the header table names it; null where it is none of the header's. */
  readonly field: string | null;
  /** What that field may hold. */
  readonly rule: string | null;
  /** The beginning of a command line that sets the field; its value is the user's to know. */
  readonly command: string | null;
}

/** What an open asks of each field, and its name in `qcow2.py set-header`; null where that program cannot set it. */
const FIELDS: Readonly<Record<string, { readonly rule: string; readonly option: string | null }>> = {
  magic: { rule: 'An image starts with 51 46 49 fb.', option: 'magic' },
  version: { rule: 'There are versions 2 and 3.', option: 'version' },
  backingFileOffset: {
    rule: 'The name of the backing file stands in the first cluster; 0 where there is none.',
    option: 'backing_file_offset',
  },
  backingFileSize: {
    rule: 'The name has at most 1,023 bytes and ends in the first cluster.',
    option: 'backing_file_size',
  },
  clusterBits: {
    rule: 'Clusters have from 2⁹ (512 bytes) to 2²¹ bytes (2 MiB), with extended L2 entries at least 2¹⁴; 16 is usual.',
    option: 'cluster_bits',
  },
  virtualSize: { rule: 'The L1 table must have an entry for every part of the disk.', option: 'size' },
  cryptMethod: { rule: '0 is none, 1 AES, 2 LUKS with its header extension.', option: 'crypt_method' },
  l1Size: { rule: 'The L1 table must map the whole disk, and have at most 32 MiB.', option: 'l1_size' },
  l1TableOffset: {
    rule: 'The L1 table starts at a multiple of the cluster size, within what a file can have.',
    option: 'l1_table_offset',
  },
  refcountTableOffset: {
    rule: 'The refcount table starts at a multiple of the cluster size, within what a file can have.',
    option: 'refcount_table_offset',
  },
  refcountTableClusters: { rule: 'The refcount table has at most 8 MiB.', option: 'refcount_table_clusters' },
  snapshotCount: { rule: 'There are at most 65,536 snapshots.', option: 'nb_snapshots' },
  snapshotsOffset: { rule: 'The snapshot table starts at a multiple of the cluster size.', option: 'snapshot_offset' },
  incompatibleFeatures: {
    rule: 'A bit that a program does not know forbids it to open the image.',
    option: 'incompatible_features',
  },
  autoclearFeatures: { rule: 'Raw external data needs an external data file.', option: 'autoclear_features' },
  refcountOrder: { rule: 'Refcounts have at most 2⁶ bits; 4 is usual.', option: 'refcount_order' },
  headerLength: {
    rule: 'The header has at least 104 bytes in version 3, and ends in the first cluster.',
    option: 'header_length',
  },
  compressionType: { rule: '0 is deflate, 1 zstd, and the compression type bit must agree with it.', option: null },
};

/**
 * @param name the file on a command line of the console; null where it cannot be named there
 */
export function refusalWords(refusal: ImageRefusal, name: string | null): RefusalWords {
  const { problem, places, header } = refusal;
  const field = header.find(({ at }) => at === places[0]?.at)?.field ?? null;
  const { rule = null, option = null } = field === null ? {} : (FIELDS[field] ?? {});
  const isStranger = problem.code === 'not-qcow2';
  return {
    sentence: isStranger ? stateWords(problem).sentence : `The image cannot be opened: ${problem.message}.`,
    data: isStranger
      ? 'Nothing was changed.'
      : 'Programs find all else through the header, and open nothing. What lies behind it may be intact; nothing was changed.',
    remedy: isStranger
      ? 'Choose another file. If this one was an image, its beginning was overwritten: look at the bytes in Structure, and take a copy if there is one.'
      : remedyOf(field, problem.code === 'unsupported'),
    field,
    rule: isStranger ? null : rule,
    command: isStranger || name === null || option === null ? null : `qcow2.py ${fileWord(name)} set-header ${option} `,
  };
}

function remedyOf(field: string | null, isUnsupported: boolean): string {
  if (field === null) return 'Look at the bytes in Structure; a copy of the image may be intact.';
  if (isUnsupported) return 'A newer QEMU may open it. If the value is a damage, put right what stands there.';
  return 'Take a copy of the image if there is one. If you know what belongs there, put it right, and check the image.';
}

/** Why a tab has nothing to show of such a file. */
export const REFUSED_TABS = {
  map: 'The map needs an image that can be opened: what each cluster is for is found through the header.',
  guest: 'The guest’s disk cannot be read: its tables are found through the header.',
  check:
    'A check cannot begin, and there is no repair for the header: what belongs there is nowhere else in the image.',
} as const;
