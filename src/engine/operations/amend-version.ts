import { EngineError, StepFailure } from '../errors.ts';
import { COMPRESSION_TYPE_BIT, DIRTY_BIT, EXTERNAL_DATA_FILE_BIT } from '../format/features.ts';
import { usesZstd } from '../format/header.ts';
import { markClean } from '../image/dirty-bit.ts';
import { writeTablesDurably } from '../image/flush.ts';
import { readHead } from '../image/head.ts';
import type { Image } from '../image/image.ts';
import { rewriteHeader } from '../image/rewrite-header.ts';
import type { LongTask } from '../progress.ts';
import { expandZeroClusters } from './expand-zero-clusters.ts';
import { hasCompressedClusters } from './has-compressed-clusters.ts';
import { writeSnapshotTable } from './snapshots.ts';

/** Extra data that version 3 demands of a snapshot: the 64-bit VM state size and the disk size. */
const EXTRA_DATA_SIZE_V3 = 16;

/** Makes a version 2 image a version 3 one. The snapshot table comes first: its entries must say what version 3 demands. */
export function* upgradeVersion(image: Image): LongTask<void> {
  const phase = 'upgrade';
  yield { phase, done: 0, total: 2 };
  if (image.snapshots.some(({ extraDataSize }) => extraDataSize < EXTRA_DATA_SIZE_V3)) {
    writeSnapshotTable(image, image.snapshots);
  }
  yield { phase, done: 1, total: 2 };
  rewriteHeader(image, { header: { version: 3 } });
  yield { phase, done: 2, total: 2 };
}

/**
 * Makes a version 3 image a version 2 one: no features, no clusters that only say "zeros". The header changes last, so
 * that until then the image is a version 3 one with the same content.
 * @throws EngineError unsupported for what version 2 cannot say; nothing was changed then. StepFailure
 */
export function* downgradeVersion(image: Image): LongTask<void> {
  judgeDowngrade(image);
  if (image.dirtyState === 'found-at-open') {
    throw new EngineError('corrupt', 'Failed to make the image clean: Input/output error');
  }
  if (image.isDirty) markClean(image);
  let hasZstdClusters: boolean;
  try {
    // Looked for before anything changes. Tables that keep this from being found out stop the expansion as well.
    hasZstdClusters = usesZstd(image.header) && hasCompressedClusters(image);
    if (!hasZstdClusters) yield* expandZeroClusters(image);
  } catch (cause) {
    throw StepFailure.of('Failed to turn zero into data clusters', cause);
  }
  if (hasZstdClusters) {
    throw new EngineError(
      'unsupported',
      'Cannot downgrade an image with zstd compression type and existing compressed clusters',
    );
  }
  writeTablesDurably(image);
  rewriteHeader(image, {
    extensions: { ...readHead(image.storage, { writable: true }).extensions, bitmaps: null },
    header: {
      version: 2,
      incompatibleFeatures: 0n,
      compatibleFeatures: 0n,
      autoclearFeatures: 0n,
      compressionType: 0,
      unknownFields: new Uint8Array(0),
    },
  });
  image.lazyRefcounts = false;
}

/** In QEMU's order and with its texts. */
function judgeDowngrade({ header, geometry, snapshots, virtualSize }: Image): void {
  if (geometry.refcountBits !== 16) throw refused('compat=0.10 requires refcount_bits=16');
  if ((header.incompatibleFeatures & EXTERNAL_DATA_FILE_BIT) !== 0n) {
    throw refused('Cannot downgrade an image with a data file');
  }
  for (const { vmStateSize, diskSize } of snapshots) {
    if (vmStateSize < 2 ** 32 && (diskSize ?? virtualSize) === virtualSize) continue;
    throw refused('Internal snapshots prevent downgrade of image');
  }
  const obstacles = header.incompatibleFeatures & ~DIRTY_BIT & ~COMPRESSION_TYPE_BIT;
  if (obstacles !== 0n) {
    throw refused(`Cannot downgrade an image with incompatible features 0x${obstacles.toString(16)} set`);
  }
}

function refused(message: string): EngineError {
  return new EngineError('unsupported', message);
}
