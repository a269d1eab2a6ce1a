import { SessionBitmaps } from '../bitmaps/session-bitmaps.ts';
import { EngineError } from '../errors.ts';
import { RAW_EXTERNAL_DATA_BIT } from '../format/features.ts';
import type { HostCluster, HostOffset } from '../format/addresses.ts';
import type { Geometry } from '../format/geometry.ts';
import type { Header } from '../format/header.ts';
import type { SnapshotEntry } from '../format/snapshot-table.ts';
import { Allocator } from './allocator.ts';
import type { CacheMode } from './cache-mode.ts';
import { DataFileHoles } from './data-file-holes.ts';
import type { GuestSource } from './guest-source.ts';
import type { ImageHead } from './head.ts';
import type { ImageCipher } from './image-cipher.ts';
import { ImageFile } from './image-file.ts';
import { L1Table } from './l1-table.ts';
import { markCorrupt, refuseOverlap } from './mark-corrupt.ts';
import { MetadataGuard, OVERLAP_TEMPLATES, type MetadataName } from './metadata-guard.ts';
import { Refcounts } from './refcounts.ts';
import { TableCache } from './table-cache.ts';
import { Announcer } from '../storage/announcer.ts';
import type { Storage } from '../storage/storage.ts';

const L2_CACHE_SIZE_MAX = 32 * 1024 * 1024;
/** For a disk that is read in order: large slices, which would make misses slow elsewhere, and few, as none is needed again. */
const L2_CACHE_IN_ORDER = { sizeMax: 1024 * 1024, sliceSizeMax: 64 * 1024, reusesMemory: true };
const REFCOUNT_CACHE_SIZE_MAX = 8 * 1024 * 1024;

/** Who set the dirty bit that stands on disk. Only the session that set it on sound refcounts may clear it. */
export type DirtyState = 'clean' | 'set-by-this-session' | 'found-at-open';

export interface ImageOptions {
  readonly isWritable: boolean;
  readonly cacheMode: CacheMode;
  readonly lazyRefcounts: boolean;
  readonly backing: GuestSource | null;
  /** Default: none, for data in the clear. */
  readonly cipher?: ImageCipher | null;
  /** Where guest data is, for an image that keeps it in a file of its own. */
  readonly dataStorage?: Storage | null;
  /** Default: from anywhere. */
  readonly readsInOrder?: boolean;
  /** Default: what QEMU calls "cached". */
  readonly overlapChecks?: ReadonlySet<MetadataName>;
}

/** An open image: what its parts share. What can be done with it stands one verb a file beside this one. */
export class Image {
  readonly head: ImageHead;
  readonly header: Header;
  /** Replaced when the version or the refcount width changes. */
  geometry: Geometry;
  readonly file: ImageFile;
  /** Where guest data is; the image file itself, except with an external data file. */
  readonly dataFile: ImageFile;
  /** What the guest gave back of an external data file; null without one. */
  readonly dataFileHoles: DataFileHoles | null;
  readonly isWritable: boolean;
  /** New clusters mark the image dirty instead of ordering refcounts before L2 entries. */
  lazyRefcounts: boolean;
  readonly backing: GuestSource | null;
  /** Between the guest's bytes and the file's; null where they are the same. */
  readonly cipher: ImageCipher | null;
  readonly l2Tables: TableCache;
  /** Says which L2 tables come next; null where the disk is read from anywhere. */
  readonly l2Announcer: Announcer | null;
  readonly refcounts: Refcounts;
  readonly allocator: Allocator;
  readonly guard: MetadataGuard;
  /** Replaced when the table grows or a snapshot is applied. */
  l1: L1Table;
  dirtyState: DirtyState;
  /** The internal snapshots, in the order of the table on disk. */
  snapshots: readonly SnapshotEntry[];
  readonly bitmaps: SessionBitmaps;
  isClosed = false;
  /** The session found the image contradicting itself; it writes nothing any more. */
  isMarkedCorrupt = false;
  /** A contradiction that only reading met was told once. */
  hasSignalledCorruption = false;
  /** Told what QEMU prints on standard error while the image is used. */
  onMessage: (line: string) => void = () => undefined;
  /** Where the next compressed stream may continue in its host cluster; 0 if nowhere. Lives in memory only. */
  compressedEnd: HostOffset = 0;
  /** Whether the engine may flush once by itself where that spares the file growing; again after each flush of the guest. */
  mayFlushForSpace = true;
  /** The cluster decompressed last; neighbours are usually read one after the other. */
  decompressed: { readonly hostOffset: HostOffset; readonly bytes: Uint8Array } | null = null;

  constructor(storage: Storage, head: ImageHead, dirtyState: DirtyState, options: ImageOptions) {
    this.head = head;
    this.header = head.header;
    this.geometry = head.geometry;
    this.isWritable = options.isWritable;
    this.lazyRefcounts = options.lazyRefcounts;
    this.backing = options.backing;
    this.cipher = options.cipher ?? null;
    this.dirtyState = dirtyState;
    this.snapshots = head.snapshots;
    this.bitmaps = new SessionBitmaps(head);
    const { clusterSize } = this.geometry;
    const { dataStorage = null, cacheMode } = options;
    const dataFile = dataStorage === null ? null : new ImageFile(dataStorage, cacheMode);
    this.file = new ImageFile(storage, cacheMode, dataFile);
    this.dataFile = dataFile ?? this.file;
    this.dataFileHoles =
      dataFile === null ? null : new DataFileHoles(dataFile, clusterSize, this.isDataFileRaw ? 'zeros' : 'discard');
    this.l2Tables = new TableCache(this.file, {
      clusterSize,
      ...(options.readsInOrder === true ? L2_CACHE_IN_ORDER : { sizeMax: L2_CACHE_SIZE_MAX }),
      purpose: 'l2-update',
      loadEvent: 'l2_load',
      writeEvent: 'l2_update',
    });
    this.l2Announcer = options.readsInOrder === true ? this.#newL2Announcer() : null;
    const refcountBlocks = new TableCache(this.file, {
      clusterSize,
      sizeMax: REFCOUNT_CACHE_SIZE_MAX,
      purpose: 'refblock-update',
      // QEMU tells where it changes refcounts, not where it reads a block (allocator.ts).
      loadEvent: null,
      writeEvent: 'refblock_update_part',
    });
    this.refcounts = new Refcounts(this.file, this.header, this.geometry, refcountBlocks);
    this.refcounts.onCorruption = (what) => markCorrupt(this, what);
    this.guard = new MetadataGuard(this, options.overlapChecks ?? new Set(OVERLAP_TEMPLATES['cached']));
    this.allocator = new Allocator(this.refcounts, this.l2Tables, this.guard);
    this.allocator.onFreed = (cluster) => {
      if (this.clusterOf(this.compressedEnd) === cluster) this.compressedEnd = 0;
    };
    this.l1 = L1Table.read(this.file, this.header.l1TableOffset, this.header.l1Size);
    this.l2Tables.onWritten = () => {
      this.allocator.noteTablesWritten();
      this.dataFileHoles?.noteTablesWritten();
    };
    this.file.onFlushed = () => {
      this.allocator.noteFlushed();
      this.dataFileHoles?.noteFlushed();
    };
    this.file.beforeWrite = (at, length, why) => refuseOverlap(this, at, length, why);
  }

  #newL2Announcer(): Announcer {
    return new Announcer(this.storage, {
      count: this.header.l1Size,
      size: this.geometry.clusterSize,
      offsetAt: (index) => this.l1.l2OffsetAt(index),
    });
  }

  /** Bytes of the virtual disk. */
  get virtualSize(): number {
    return this.header.virtualSize;
  }

  /** The external data file must read as the disk does, by itself. */
  get isDataFileRaw(): boolean {
    return (this.header.autoclearFeatures & RAW_EXTERNAL_DATA_BIT) !== 0n;
  }

  get storage(): Storage {
    return this.file.storage;
  }

  get cacheMode(): CacheMode {
    return this.file.cacheMode;
  }

  /** Whether the dirty bit stands on disk. */
  get isDirty(): boolean {
    return this.dirtyState !== 'clean';
  }

  clusterOf(hostOffset: number): HostCluster {
    return Math.floor(hostOffset / this.geometry.clusterSize);
  }

  /** The image was laid out anew: nothing counts that is in memory of tables and clusters. */
  startOver(l1: L1Table): void {
    this.l1 = l1;
    this.l2Tables.clear();
    this.refcounts.blocks.clear();
    this.allocator.startOver();
    this.guard.clear();
    this.compressedEnd = 0;
    this.decompressed = null;
  }

  mustBeOpen(): void {
    if (this.isClosed) throw new EngineError('closed', 'The image was closed.');
  }

  mustBeWritable(): void {
    this.mustBeOpen();
    if (!this.isWritable) throw new EngineError('read-only', 'Block node is read-only');
    if (this.isMarkedCorrupt) throw new EngineError('corrupt', 'Image is corrupt; cannot be opened read/write');
  }

  /** @throws EngineError invalid-argument when the guest range leaves the virtual disk */
  mustContain(at: number, length: number): void {
    if (at >= 0 && length >= 0 && at + length <= this.virtualSize) return;
    throw new EngineError(
      'invalid-argument',
      `The range of ${length} bytes at ${at} leaves the virtual disk, which has ${this.virtualSize} bytes. Nothing was changed.`,
    );
  }
}
