import { alignUp, ceilDiv } from '../bytes/align.ts';
import { setU64, viewOf } from '../bytes/big-endian.ts';
import { EngineError, isEngineError, StepFailure } from '../errors.ts';
import {
  COMPRESSION_TYPE_BIT,
  EXTENDED_L2_BIT,
  EXTERNAL_DATA_FILE_BIT,
  LAZY_REFCOUNTS_BIT,
  RAW_EXTERNAL_DATA_BIT,
} from '../format/features.ts';
import { l1EntriesFor } from '../format/geometry.ts';
import { geometryOf, HEADER_V2_LENGTH, HEADER_V3_LENGTH, QCOW2_MAGIC, type Header } from '../format/header.ts';
import type { LuksExtension } from '../format/header-extensions.ts';
import type { NewLuksVolume } from '../luks/create.ts';
import type { Storage } from '../storage/storage.ts';
import type { CreateOptions } from './create-options.ts';
import { judgeCreateOptions } from './create-validation.ts';
import { readHead } from './head.ts';
import { L1_TABLE_SIZE_MAX } from './head-validation.ts';
import { encodeHeaderCluster, type HeaderParts } from './header-cluster.ts';
import { Image } from './image.ts';
import { preallocateDisk } from './preallocate.ts';
import { growFile, type Preallocation } from './reserve-space.ts';

/**
 * Writes a new image over whatever `storage` holds, byte for byte what `qemu-img create` writes. Until the last write, the
 * header describes an empty disk, so a crash in between leaves no half-made disk behind.
 * @param dataStorage the external data file, where the options name one; it becomes as long as the disk
 * @throws EngineError invalid-argument with QEMU's text for options that do not go together
 */
export function createImage(storage: Storage, options: CreateOptions, dataStorage: Storage | null = null): void {
  judgeCreateOptions(options);
  const parts = headerPartsOf(options);
  const virtualSize = alignUp(options.size, 512);
  const l1Size = l1EntriesFor(geometryOf(parts.header), virtualSize);
  if (l1Size * 8 > L1_TABLE_SIZE_MAX) throw tooLarge();
  judgeHeaderRoom(parts);

  storage.truncate(0, 'create');
  writeSkeleton(storage, {
    ...parts,
    header: { ...parts.header, cryptMethod: CRYPT_METHODS.none },
    extensions: { ...parts.extensions, luks: null },
    backingFile: null,
    backingFormat: null,
  });
  const head = readHead(storage, { writable: true });
  const image = new Image(storage, head, 'clean', {
    isWritable: true,
    cacheMode: 'writeback',
    lazyRefcounts: false,
    backing: null,
    dataStorage,
  });
  const { geometry, allocator } = image;
  allocator.allocate(SKELETON_CLUSTERS);

  const l1TableOffset = l1Size === 0 ? 0 : allocator.allocate(ceilDiv(l1Size * 8, geometry.clusterSize));
  const l1End = l1TableOffset + l1Size * 8;
  // Everything past the skeleton reads as zeros already: an empty L1 table needs room, not a write.
  if (storage.size < l1End) storage.truncate(l1End, 'create');
  StepFailure.during('Could not resize image', () => {
    preallocateDisk(image, { virtualSize, l1TableOffset, l1Size }, preallocationOf(options));
    if (!geometry.hasDataFile) return;
    image.dataFile.truncate(0, 'create');
    growFile(image.dataFile, virtualSize, options.preallocation ?? 'off');
    image.dataFile.flush('create');
  });
  const luks = options.encryption?.kind === 'luks' ? writeLuksHeader(image, options.encryption.luks) : null;

  image.refcounts.blocks.flush('create');
  storage.write(
    0,
    encodeHeaderCluster({
      ...parts,
      header: { ...image.header, virtualSize, l1Size, l1TableOffset, cryptMethod: parts.header.cryptMethod },
      extensions: { ...parts.extensions, luks },
    }),
    'create',
  );
  storage.flush('create');
}

/** Whoever reads a raw data file by itself sees data everywhere; so must the L2 tables. */
function preallocationOf({ preallocation = 'off', dataFileRaw = false }: CreateOptions): Preallocation {
  return dataFileRaw && preallocation === 'off' ? 'metadata' : preallocation;
}

/** Header, refcount table, first refcount block. */
const SKELETON_CLUSTERS = 3;

/** Spec: "crypt_method". */
const CRYPT_METHODS = { none: 0, aes: 1, luks: 2 };

function headerPartsOf(options: CreateOptions): HeaderParts {
  const { clusterSize = 65536, refcountBits = 16, compressionType = 'zlib' } = options;
  const version = options.compat === '0.10' ? 2 : 3;
  const isZstd = compressionType === 'zstd';
  const header: Header = {
    magic: QCOW2_MAGIC,
    version,
    backingFileOffset: 0,
    backingFileSize: 0,
    clusterBits: Math.log2(clusterSize),
    virtualSize: 0,
    cryptMethod: CRYPT_METHODS[options.encryption?.kind ?? 'none'],
    l1Size: 0,
    l1TableOffset: 0,
    refcountTableOffset: clusterSize,
    refcountTableClusters: 1,
    snapshotCount: 0,
    snapshotsOffset: 0,
    incompatibleFeatures:
      (isZstd ? COMPRESSION_TYPE_BIT : 0n) |
      (options.extendedL2 === true ? EXTENDED_L2_BIT : 0n) |
      (options.dataFile !== undefined ? EXTERNAL_DATA_FILE_BIT : 0n),
    compatibleFeatures: options.lazyRefcounts === true ? LAZY_REFCOUNTS_BIT : 0n,
    autoclearFeatures: options.dataFileRaw === true ? RAW_EXTERNAL_DATA_BIT : 0n,
    refcountOrder: Math.log2(refcountBits),
    headerLength: version === 2 ? HEADER_V2_LENGTH : HEADER_V3_LENGTH,
    compressionType: isZstd ? 1 : 0,
    unknownFields: new Uint8Array(0),
  };
  const pointer = options.encryption?.kind === 'luks' ? { offset: 0, length: 0 } : null;
  return {
    header,
    // The header must have room for the pointer, wherever it will lead.
    extensions: { backingFormat: null, dataFile: null, luks: pointer, bitmaps: null, unknown: [] },
    backingFile: options.backingFile ?? null,
    backingFormat: options.backingFormat ?? null,
    dataFile: options.dataFile ?? null,
  };
}

/** Writes the header of a LUKS volume into clusters of its own; the room of the empty key slots reads as zeros. */
function writeLuksHeader({ allocator, geometry, storage }: Image, { bytes, headerSize }: NewLuksVolume): LuksExtension {
  const clusterCount = ceilDiv(headerSize, geometry.clusterSize);
  const offset = allocator.allocate(clusterCount);
  const end = offset + clusterCount * geometry.clusterSize;
  StepFailure.during('Could not zero fill encryption header', () => {
    if (storage.size < end) storage.truncate(end, 'create');
    storage.write(offset, bytes, 'create');
  });
  return { offset, length: headerSize };
}

/** Refuses a backing file name that does not fit into the header cluster, before anything is overwritten. */
function judgeHeaderRoom(parts: HeaderParts): void {
  try {
    encodeHeaderCluster(parts);
  } catch (error) {
    if (!isEngineError(error, 'no-space')) throw error;
    const { backingFile, backingFormat } = parts;
    throw new EngineError(
      'no-space',
      `Could not assign backing file '${backingFile}' with format '${backingFormat}': No space left on device`,
      { cause: error },
    );
  }
}

/** The smallest valid image: a disk of no bytes whose refcounts are still all 0. */
function writeSkeleton(storage: Storage, parts: HeaderParts): void {
  const clusterSize = 2 ** parts.header.clusterBits;
  const firstTableEntry = new Uint8Array(8);
  setU64(viewOf(firstTableEntry), 0, 2 * clusterSize);
  storage.truncate(SKELETON_CLUSTERS * clusterSize, 'create');
  StepFailure.during('Could not write qcow2 header', () => storage.write(0, encodeHeaderCluster(parts), 'create'));
  StepFailure.during('Could not write refcount table', () => storage.write(clusterSize, firstTableEntry, 'create'));
  storage.flush('create');
}

function tooLarge(): EngineError {
  return new EngineError(
    'invalid-argument',
    "The image size is too large for file format 'qcow2' (try using a larger cluster size)",
  );
}
