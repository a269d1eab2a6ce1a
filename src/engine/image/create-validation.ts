import { EngineError } from '../errors.ts';
import type { CreateOptions } from './create-options.ts';

const VERSION_HINT = 'compatibility level 1.1 and above (use version=v3 or greater)';
const CLUSTER_SIZE_MIN = 512;
const CLUSTER_SIZE_MAX = 2 * 1024 * 1024;
const CLUSTER_SIZE_MIN_EXTENDED_L2 = 16384;
const BACKING_FILE_SIZE_MAX = 1023;

/** Refuses options that `qemu-img create` refuses, in its order and with its texts. */
export function judgeCreateOptions(options: CreateOptions): void {
  const { size, clusterSize = 65536, refcountBits = 16, backingFile, backingFormat } = options;
  const isV2 = options.compat === '0.10';
  const extendedL2 = options.extendedL2 === true;
  const preallocates = (options.preallocation ?? 'off') !== 'off';

  if (!Number.isInteger(size) || size < 0 || size >= 2 ** 63) {
    throw refused('Invalid image size specified. Must be between 0 and 9223372036854775807.');
  }
  if (backingFile === '') throw refused('Expected backing file name, got empty string');
  if (backingFile !== undefined && backingFormat === undefined) {
    throw refused('Backing file specified without backing format');
  }
  if (!isPowerOfTwo(clusterSize) || clusterSize < CLUSTER_SIZE_MIN || clusterSize > CLUSTER_SIZE_MAX) {
    throw refused('Cluster size must be a power of two between 512 and 2048k');
  }
  if (extendedL2 && isV2) throw refused(`Extended L2 entries are only supported with ${VERSION_HINT}`);
  if (extendedL2 && clusterSize < CLUSTER_SIZE_MIN_EXTENDED_L2) {
    throw refused('Extended L2 entries are only supported with cluster sizes of at least 16384 bytes');
  }
  if (backingFile !== undefined && preallocates && !extendedL2) {
    throw refused('Backing file and preallocation can only be used at the same time if extended_l2 is on');
  }
  if (backingFormat !== undefined && backingFile === undefined) {
    throw refused('Backing format cannot be used without backing file');
  }
  if (options.lazyRefcounts === true && isV2) throw refused(`Lazy refcounts only supported with ${VERSION_HINT}`);
  if (!isPowerOfTwo(refcountBits) || refcountBits > 64) {
    throw refused('Refcount width must be a power of two and may not exceed 64 bits');
  }
  if (refcountBits !== 16 && isV2) {
    throw refused(
      'Different refcount widths than 16 bits require compatibility level 1.1 or above (use version=v3 or greater)',
    );
  }
  if (options.dataFileRaw === true && options.dataFile === undefined) throw refused('data-file-raw requires data-file');
  if (options.dataFileRaw === true && backingFile !== undefined) {
    throw refused('Backing file and data-file-raw cannot be used at the same time');
  }
  if (options.dataFile !== undefined && isV2) {
    throw refused(`External data files are only supported with ${VERSION_HINT}`);
  }
  if (options.compressionType === 'zstd' && isV2) {
    throw refused(`Non-zlib compression type is only supported with ${VERSION_HINT}`);
  }
  if (backingFile !== undefined && new TextEncoder().encode(backingFile).length > BACKING_FILE_SIZE_MAX) {
    throw refused(`Could not assign backing file '${backingFile}' with format '${backingFormat}': Invalid argument`);
  }
}

function isPowerOfTwo(value: number): boolean {
  return Number.isInteger(value) && value > 0 && Number.isInteger(Math.log2(value));
}

function refused(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}
