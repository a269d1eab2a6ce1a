import {
  CORRUPT_BIT,
  DIRTY_BIT,
  isEngineError,
  LAZY_REFCOUNTS_BIT,
  readHead,
  usesZstd,
  type EngineError,
  type EngineErrorCode,
  type ImageHead,
  type Storage,
} from '#engine';
import type { ImageProblem, ImageSummary } from '#protocol';

const FIRST_BYTES = 16;

/** What the library shows of an image, or why it cannot be opened. Reads the head only. */
export function summarize(storage: Storage): ImageSummary | ImageProblem {
  try {
    return summaryOf(readHead(storage, { writable: false }));
  } catch (error) {
    if (!isEngineError(error)) throw error;
    return problemIn(storage, error);
  }
}

/** What keeps an image from being opened, with the first bytes of its file. */
export function problemIn(storage: Storage, { code, message }: EngineError): ImageProblem {
  return problemOf(code, message, firstBytesOf(storage, code));
}

export function problemOf(code: EngineErrorCode, message: string, firstBytes = new Uint8Array(0)): ImageProblem {
  return { kind: 'problem', code, message, firstBytes };
}

export function summaryOf(head: ImageHead): ImageSummary {
  const { header, geometry } = head;
  return {
    kind: 'qcow2',
    state: stateOf(header.incompatibleFeatures),
    version: geometry.version,
    virtualSize: header.virtualSize,
    clusterSize: geometry.clusterSize,
    refcountBits: geometry.refcountBits,
    lazyRefcounts: (header.compatibleFeatures & LAZY_REFCOUNTS_BIT) !== 0n,
    extendedL2: geometry.extendedL2,
    compressionType: usesZstd(header) ? 'zstd' : 'zlib',
    encryption: head.encryption,
    backingFile: head.backingFile,
    backingFormat: head.backingFormat,
    snapshotCount: header.snapshotCount,
    bitmapCount: head.bitmaps.length,
    hasExternalDataFile: head.hasDataFile,
  };
}

function stateOf(incompatibleFeatures: bigint): ImageSummary['state'] {
  if ((incompatibleFeatures & CORRUPT_BIT) !== 0n) return 'corrupt';
  return (incompatibleFeatures & DIRTY_BIT) !== 0n ? 'dirty' : 'clean';
}

/** Where the file itself cannot be read there are none. */
function firstBytesOf(storage: Storage, code: EngineErrorCode): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(Math.min(FIRST_BYTES, storage.size));
  if (code !== 'stale' && code !== 'io' && code !== 'not-found' && code !== 'permission') storage.read(0, bytes);
  return bytes;
}
