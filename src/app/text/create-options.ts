/** One sentence for each option of `qemu-img create`: what it does and what it costs. */
export const OPTION_HINTS = {
  name: 'The file’s name in the library and when you download it.',
  size: 'What the guest sees. Suffixes k, M, G, T, P as in qemu-img; the file itself starts small and grows.',
  lazyRefcounts:
    'Fewer flushes for each new cluster; after a crash the refcounts are rebuilt when the image is opened. Guest data is equally safe.',
  compat:
    '1.1 (version 3) has feature bits, lazy refcounts and zero clusters; 0.10 (version 2) is for QEMU before 1.1.',
  clusterSize: 'The unit of allocation. Larger means less metadata, smaller means less copying on small writes.',
  refcountBits: 'Width of a cluster’s reference counter; it limits how many snapshots can share a cluster.',
  extendedL2: 'Divides each cluster into 32 subclusters: less copying with a backing file, twice the L2 space.',
  compressionType: 'How clusters are compressed when a program writes compressed data; zstd is faster.',
  preallocation: 'Metadata: all tables are written now, so that later writes only touch data.',
  backingFile: 'What has not been written yet is read from this file; it must not change any more.',
  backingFormat: 'Format of the backing file. Naming it keeps a guest from choosing it.',
  encrypts:
    'LUKS with AES-256, as qemu-img does it. Without the passphrase nobody can read the disk, and nobody can bring it back.',
} as const;
