import { EngineError, StepFailure } from '../errors.ts';
import { drain } from '../progress.ts';
import { DIRTY_BIT, LAZY_REFCOUNTS_BIT } from '../format/features.ts';
import { RepairFailure } from '../repair/repair-failure.ts';
import { repairImage, type RepairResult } from '../repair/repair-image.ts';
import type { Storage } from '../storage/storage.ts';
import type { CacheMode } from './cache-mode.ts';
import type { GuestSource } from './guest-source.ts';
import { cipherFor, type ImageCipher } from './image-cipher.ts';
import { headForWriting, readHead, type ImageHead } from './head.ts';
import { Image } from './image.ts';
import type { MetadataName } from './metadata-guard.ts';
import { writeHeader } from './rewrite-header.ts';

export interface OpenOptions {
  readonly writable?: boolean;
  /** Default writeback. */
  readonly cacheMode?: CacheMode;
  /** Overrides what the image's compatible feature bit says. */
  readonly lazyRefcounts?: boolean;
  /** The backing file, opened by the caller; without one, unallocated clusters of an image that names one are an error. */
  readonly backing?: GuestSource | null;
  /** Of an encrypted image: made by `unlockImage`, or 'locked' to look at its structures without its data. */
  readonly cipher?: ImageCipher | 'locked';
  /** The external data file, opened by the caller, for an image that has one. */
  readonly dataStorage?: Storage | null;
  /** The disk will be read from its start to its end: L2 tables are loaded in large pieces. */
  readonly readsInOrder?: boolean;
  /** Kinds of metadata that writes are kept from; default: QEMU's "cached". */
  readonly overlapChecks?: ReadonlySet<MetadataName>;
  /** Told what QEMU prints on standard error: warnings, each line of the repair of a dirty image, harmless corruption. */
  readonly onMessage?: (line: string) => void;
  /** Told why clusters that were let go stay allocated; an operation does not fail because of it. */
  readonly onLeak?: (cause: EngineError) => void;
}

/**
 * Opens an image. Read-only, the file is not touched. Writable, a dirty image is repaired first: its refcounts may be
 * behind, and allocating by them could overwrite data.
 * @throws EngineError not-qcow2, invalid-image, unsupported, passphrase, corrupt, backing, io; with QEMU's texts. StepFailure of a
 *   RepairFailure
 */
export function openImage(storage: Storage, options: OpenOptions = {}): Image {
  const isWritable = options.writable ?? false;
  let head = readHead(storage, { writable: isWritable });
  const cipher = cipherFor(head, options.cipher);
  judgeDataStorage(head, options.dataStorage ?? null);
  // An empty name is none.
  if (head.backingFile !== null && head.backingFile !== '' && (options.backing ?? null) === null) {
    throw new EngineError('backing', `Could not open backing file: '${head.backingFile}' is not available.`);
  }
  const lazyRefcounts = options.lazyRefcounts ?? (head.header.compatibleFeatures & LAZY_REFCOUNTS_BIT) !== 0n;
  if (lazyRefcounts && head.geometry.version === 2) {
    throw new EngineError(
      'invalid-argument',
      'Lazy refcounts require a qcow2 image with at least qemu 1.1 compatibility level',
    );
  }
  if (isWritable) {
    if (head.needsRewrite) writeHeader(storage, headForWriting(head));
    if (isMarkedDirty(storage)) repairDirtyImage(storage, options.onMessage ?? (() => undefined));
    head = readHead(storage, { writable: true });
  }
  const dirtyState = (head.header.incompatibleFeatures & DIRTY_BIT) !== 0n ? 'found-at-open' : 'clean';
  const image = new Image(storage, head, dirtyState, {
    isWritable,
    cacheMode: options.cacheMode ?? 'writeback',
    lazyRefcounts,
    backing: options.backing ?? null,
    cipher,
    dataStorage: options.dataStorage ?? null,
    readsInOrder: options.readsInOrder ?? false,
    ...(options.overlapChecks !== undefined && { overlapChecks: options.overlapChecks }),
  });
  if (options.onMessage !== undefined) image.onMessage = options.onMessage;
  if (options.onLeak !== undefined) image.allocator.onLeak = options.onLeak;
  return image;
}

/** @throws EngineError invalid-argument with QEMU's texts */
export function judgeDataStorage({ hasDataFile }: ImageHead, dataStorage: Storage | null): void {
  if (hasDataFile && dataStorage === null) {
    throw new EngineError('invalid-argument', "'data-file' is required for this image");
  }
  if (!hasDataFile && dataStorage !== null) {
    throw new EngineError('invalid-argument', "'data-file' can only be set for images with an external data file");
  }
}

function isMarkedDirty(storage: Storage): boolean {
  return (readHead(storage, { writable: false }).header.incompatibleFeatures & DIRTY_BIT) !== 0n;
}

/** What is left broken after a repair keeps the dirty bit set, but does not keep the image from being opened. */
function repairDirtyImage(storage: Storage, onMessage: (line: string) => void): void {
  const { report } = repaired(storage);
  report.messages.forEach(onMessage);
  if (report.aborted !== null || report.counters.checkErrors > 0) {
    throw new EngineError('corrupt', `${REPAIRING_FAILED}: ${report.aborted ?? 'Input/output error'}`);
  }
}

const REPAIRING_FAILED = 'Could not repair dirty image';

function repaired(storage: Storage): RepairResult {
  try {
    return drain(repairImage(storage, 'all'));
  } catch (cause) {
    if (!(cause instanceof RepairFailure)) throw cause;
    throw new StepFailure(REPAIRING_FAILED, cause);
  }
}
