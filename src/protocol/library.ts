import type { CreateOptions, EngineErrorCode } from '#engine';

/** `opfs:<name>` for an image in the browser's own storage, `local:<key>` for a granted local file. */
export type ImageId = string;

export interface ImageSummary {
  readonly kind: 'qcow2';
  readonly state: 'clean' | 'dirty' | 'corrupt';
  readonly version: 2 | 3;
  /** Bytes. */
  readonly virtualSize: number;
  readonly clusterSize: number;
  readonly refcountBits: number;
  readonly lazyRefcounts: boolean;
  readonly extendedL2: boolean;
  readonly compressionType: 'zlib' | 'zstd';
  readonly encryption: 'none' | 'aes' | 'luks';
  readonly backingFile: string | null;
  readonly backingFormat: string | null;
  readonly snapshotCount: number;
  readonly bitmapCount: number;
  readonly hasExternalDataFile: boolean;
}

/** What stands in the way of opening; `message` is QEMU's text. `permission` on a local file: ask on a click. */
export interface ImageProblem {
  readonly kind: 'problem';
  readonly code: EngineErrorCode;
  readonly message: string;
  /** The first bytes of the file (up to 16), for "it starts with …". */
  readonly firstBytes: Uint8Array;
}

/** An image whose header has not been read yet: its name, place and last use are known, all else is 0 or null. */
export interface UnreadImage {
  readonly kind: 'unread';
}

export interface LibraryEntry {
  readonly id: ImageId;
  readonly name: string;
  readonly place: 'browser' | 'local-file';
  /** Bytes of the image file. */
  readonly fileSize: number;
  /** Bytes of the image file in use by clusters with a refcount, where cheap to know; else null. */
  readonly allocatedBytes: number | null;
  /** Milliseconds since 1970. */
  readonly lastUse: number;
  readonly about: ImageSummary | ImageProblem | UnreadImage;
  /** Unsaved changes in the overlay of a local file: clusters (overlay blocks) changed. */
  readonly unsavedChanges: number;
}

export const SAMPLES = [
  'dirty-after-crash',
  'leaked-clusters',
  'cross-linked',
  'with-snapshots',
  'compressed',
  'version-2',
  'backing-chain',
] as const;
export type SampleName = (typeof SAMPLES)[number];

export interface CreateRequest {
  readonly name: string;
  readonly options: CreateOptions;
  /** The image that `options.backingFile` means: a name alone opens nothing. */
  readonly backing?: ImageId | null;
  /** Encrypts the disk with LUKS. */
  readonly passphrase?: string | null;
}
