import type { NewLuksVolume } from '../luks/create.ts';
import type { Preallocation } from './reserve-space.ts';

/** The options of `qemu-img create -o`, with QEMU's defaults where a field is absent. */
export interface CreateOptions {
  /** Bytes; rounded up to 512. */
  readonly size: number;
  /** '0.10' is version 2, '1.1' (the default) version 3. */
  readonly compat?: '0.10' | '1.1';
  /** Bytes: a power of two, 512 to 2 MiB; default 65536. */
  readonly clusterSize?: number;
  /** 1, 2, 4, 8, 16 (default), 32 or 64. */
  readonly refcountBits?: number;
  readonly lazyRefcounts?: boolean;
  readonly extendedL2?: boolean;
  readonly compressionType?: 'zlib' | 'zstd';
  readonly preallocation?: Preallocation;
  readonly backingFile?: string;
  readonly backingFormat?: string;
  /** A LUKS volume is made before (`createLuks`), since that takes a passphrase, randomness and time. */
  readonly encryption?: { readonly kind: 'aes' } | { readonly kind: 'luks'; readonly luks: NewLuksVolume };
  /** Name of the external data file that keeps the guest data. */
  readonly dataFile?: string;
  /** The data file reads as the disk does, by itself. */
  readonly dataFileRaw?: boolean;
}
