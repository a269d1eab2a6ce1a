import {
  EngineError,
  growFile,
  ignoresFlushes,
  isEngineError,
  StepFailure,
  type CacheMode,
  type GuestOffset,
  type Preallocation,
  type Storage,
} from '#engine';
import type { OverlappedStorage, SparseStorage, StorageRun } from '../host.ts';
import { LowestNode } from './lowest-node.ts';
import { refuseCompressed, type BlockStatus, type NodeOrigin, type StatusWanted, type WriteOptions } from './node.ts';
import { isAllZero } from './zeros.ts';

const CHUNK = 1024 * 1024;

/** A sector here and there: so little that it takes less than a look for holes, which may start a process. */
const SAMPLE_LENGTH = 512;
const SAMPLE_COUNT = 64;

/** The lowest node: a file. What lies past its end reads as zeros. */
export class FileNode extends LowestNode {
  readonly storage: Storage;
  readonly growsOnWrite = true;
  /** Its path, where what other programs claim of it counts. */
  readonly claimedPath: string | null;
  readonly #ignoresFlushes: boolean;
  #seemsDense: boolean | undefined;

  constructor(
    origin: NodeOrigin,
    storage: Storage,
    { cacheMode = 'writeback', claimedPath = null }: { cacheMode?: CacheMode; claimedPath?: string | null } = {},
  ) {
    super(origin);
    this.storage = storage;
    this.claimedPath = claimedPath;
    this.#ignoresFlushes = ignoresFlushes(cacheMode);
  }

  get isReadOnly(): boolean {
    return this.storage.isReadOnly;
  }

  get length(): number {
    return this.storage.size;
  }

  readAt(at: GuestOffset, into: Uint8Array): void {
    this.storage.read(at as number, into);
  }

  writeAt(at: GuestOffset, bytes: Uint8Array, options?: WriteOptions): void {
    refuseCompressed(options);
    this.storage.write(at as number, bytes, 'guest-data');
  }

  readLater(at: GuestOffset, into: Uint8Array): Promise<void> | null {
    return isOverlapped(this.storage) ? this.storage.readLater(at as number, into) : null;
  }

  writeLater(at: GuestOffset, bytes: Uint8Array): Promise<void> | null {
    return isOverlapped(this.storage) ? this.storage.writeLater(at as number, bytes) : null;
  }

  writeZeroes(at: GuestOffset, length: number, { unmap }: { readonly unmap: boolean }): void {
    if (unmap && this.origin.passesDiscards && at + length <= this.length) return this.discard(at, length);
    const zeros = new Uint8Array(Math.min(length, CHUNK));
    for (let done = 0; done < length; done += zeros.length) {
      this.writeAt(at + done, zeros.subarray(0, Math.min(zeros.length, length - done)));
    }
  }

  /**
   * What was discarded reads as zeros, as in QEMU on a file system that punches holes. Not every storage can; so zeros are
   * written where there is something else.
   */
  discard(at: GuestOffset, length: number): void {
    const end = Math.min(at + length, this.length);
    if (end <= at || !this.origin.passesDiscards) return;
    this.storage.discard(at as number, end - at, 'discard');
    const bytes = new Uint8Array(Math.min(end - at, CHUNK));
    for (let done = at as number; done < end; done += bytes.length) {
      const part = bytes.subarray(0, Math.min(bytes.length, end - done));
      this.storage.read(done, part);
      if (isAllZero(part)) continue;
      this.storage.write(done, part.fill(0), 'discard');
      // What is written is needed again, for all that the storage knows.
      this.storage.discard(done, part.length, 'discard');
    }
  }

  flush(): void {
    if (!this.#ignoresFlushes) this.storage.flush('flush-guest');
  }

  truncate(length: number, preallocation: Preallocation = 'off'): void {
    if (length < this.length && preallocation !== 'off') {
      throw new EngineError('unsupported', 'Cannot use preallocation for shrinking files');
    }
    if (preallocation === 'metadata') throw new EngineError('unsupported', 'Unsupported preallocation mode: metadata');
    if (length > this.length) return growFile(this.storage, length, preallocation);
    StepFailure.during('Could not resize file', () => this.storage.truncate(length, 'truncate'));
  }

  statusAt(at: GuestOffset, lengthMax: number, wanted: StatusWanted = 'zeros'): BlockStatus {
    const isPastEnd = at >= this.length;
    const run = isPastEnd ? null : this.#runAt(at as number, wanted);
    const isHole = isPastEnd || run?.isHole === true;
    return {
      length: isPastEnd ? lengthMax : Math.min(lengthMax, run?.length ?? this.length - at),
      isAllocated: true,
      isZero: isHole,
      isData: !isHole,
      isCompressed: false,
      hostOffset: at as number,
    };
  }

  #runAt(at: number, wanted: StatusWanted): StorageRun | null {
    const { storage } = this;
    if (wanted === 'allocation' || !isSparse(storage)) return null;
    if (wanted === 'savings' && (this.#seemsDense ??= seemsDense(storage))) return null;
    return storage.runAt(at);
  }

  get knowsHoles(): boolean {
    return isSparse(this.storage) && this.storage.runAt(0) !== null;
  }

  get allocatedBytes(): number | null {
    return isSparse(this.storage) ? this.storage.allocatedBytes : null;
  }

  close(): void {
    this.storage.close();
  }
}

/** Whether a storage can be asked for its holes. */
function isSparse(storage: Storage): storage is SparseStorage {
  return 'runAt' in storage;
}

/**
 * Whether a file takes as much of its disk as it is long, and shows no zeros where one looks: space that was taken ahead of
 * its bytes is a hole, too.
 */
function seemsDense(storage: SparseStorage): boolean {
  if (storage.allocatedBytes < storage.size) return false;
  const step = Math.max(SAMPLE_LENGTH, Math.floor(storage.size / SAMPLE_COUNT));
  const sample = new Uint8Array(SAMPLE_LENGTH);
  for (let at = 0; at + SAMPLE_LENGTH <= storage.size; at += step) {
    try {
      storage.read(at, sample);
    } catch (error) {
      // Who reads it in its turn is told.
      if (!isEngineError(error)) throw error;
      return false;
    }
    if (isAllZero(sample)) return false;
  }
  return true;
}

/** Whether a storage also works while the program goes on. */
export function isOverlapped(storage: Storage): storage is OverlappedStorage {
  return 'readLater' in storage && 'writeLater' in storage;
}
