import type { HostOffset } from '../format/addresses.ts';
import type { DebugEvent } from './debug-event.ts';

/**
 * Why a write, flush, truncate or discard is done. The vocabulary is shared by the trace, the crash lab, the map and
 * the cost table; each name says which structure changes and in which role.
 */
export type Purpose =
  | 'guest-data'
  | 'cow-copy'
  | 'zero-fill'
  | 'compressed-data'
  | 'l2-update'
  | 'l2-new'
  | 'l1-update'
  | 'l1-grow'
  | 'refblock-update'
  | 'refblock-new'
  | 'reftable-update'
  | 'reftable-grow'
  | 'header-dirty'
  | 'header-clean'
  | 'header-corrupt'
  | 'header-other'
  | 'snapshot-table'
  | 'snapshot-l1'
  | 'bitmap-dir'
  | 'bitmap-data'
  | 'discard'
  | 'truncate'
  | 'create'
  | 'repair-refblock'
  | 'repair-reftable'
  | 'repair-header'
  | 'repair-l1'
  | 'repair-l2'
  | 'repair-snapshot-table'
  | 'repair-truncate'
  | 'repair-discard'
  | 'flush-ordering'
  | 'flush-guest'
  | 'flush-close'
  | 'flush-repair';

/**
 * A place where bytes live, used synchronously. Memory, OPFS sync access handles, local files, Node's `fs` and the
 * crash lab's recorder all keep this contract (one suite checks them):
 *
 * - `read` fills `into` completely; past the end it reads zeros.
 * - `write` writes all bytes or throws; writing past the end grows the storage, a gap reads as zeros.
 * - after `flush` returns, every earlier write survives a power cut.
 * - `discard` may free the range; afterwards it reads as zeros or as before, and the size does not change.
 * - failures are `EngineError`s: io, no-space, quota, read-only, stale, permission, closed.
 */
export interface Storage {
  readonly size: number;
  readonly isReadOnly: boolean;
  read(at: HostOffset, into: Uint8Array): void;
  write(at: HostOffset, bytes: Uint8Array, why: Purpose): void;
  truncate(size: number, why: Purpose): void;
  discard(at: HostOffset, length: number, why: Purpose): void;
  flush(why: Purpose): void;
  close(): void;
  /**
   * Only of storages that can take space without writing: for a part of the storage that holds nothing yet, which reads as
   * zeros afterwards and belongs to the size. False, with nothing changed, where that was not possible.
   */
  reserve?(at: HostOffset, length: number): boolean;
  /** Only of storages where each read costs much: told what is likely to be read next, in this order. Reads give the same without it. */
  willRead?(ranges: readonly StorageRange[]): void;
  /** Only of storages that test error paths: told where the engine is, just before its next access. May throw. */
  onEvent?(event: DebugEvent): void;
}

export interface StorageRange {
  readonly at: HostOffset;
  readonly length: number;
}

/** Opens storages by name; asynchronous, whereas an opened storage is used synchronously. */
export interface FileStore {
  open(name: string, mode: 'read' | 'write'): Promise<Storage>;
  create(name: string): Promise<Storage>;
  exists(name: string): Promise<boolean>;
  remove(name: string): Promise<void>;
}
