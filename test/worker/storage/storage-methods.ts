import type { StorageRange } from '#engine';
import type { Method } from '#protocol';

export type StorageKind = 'opfs' | 'overlay';

/** What the tests ask of storage-worker.ts. */
export interface StorageMethods {
  contract: Method<{ kind: StorageKind; name: string }, void>;
  /** Opens a file of the browser's storage, or a blob, and keeps it open. */
  hold: Method<{ name: string; mode: 'read' | 'write'; blob: Blob | null }, number>;
  willRead: Method<{ ranges: readonly StorageRange[] }, void>;
  read: Method<{ at: number; length: number }, Uint8Array>;
  write: Method<{ at: number; bytes: Uint8Array }, number>;
  truncate: Method<{ size: number }, number>;
  discard: Method<{ at: number; length: number }, void>;
  release: Method<void, void>;
}
