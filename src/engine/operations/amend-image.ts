import { EngineError } from '../errors.ts';
import { EXTERNAL_DATA_FILE_BIT, LAZY_REFCOUNTS_BIT, RAW_EXTERNAL_DATA_BIT } from '../format/features.ts';
import { markClean } from '../image/dirty-bit.ts';
import type { Image } from '../image/image.ts';
import { rewriteHeader } from '../image/rewrite-header.ts';
import type { LongTask } from '../progress.ts';
import { AmendProgress } from './amend-progress.ts';
import { changeRefcountWidth } from './amend-refcount-width.ts';
import { downgradeVersion, upgradeVersion } from './amend-version.ts';
import { resizeImage } from './resize.ts';

/** What `qemu-img amend` can change of an image; what is absent stays as it is. */
export interface AmendOptions {
  readonly compat?: '0.10' | '1.1';
  /** 1, 2, 4, 8, 16, 32 or 64. */
  readonly refcountBits?: number;
  readonly lazyRefcounts?: boolean;
  /** Bytes, a multiple of 512; 0 stands for no change. */
  readonly size?: number;
  /** Must be what the image names already. */
  readonly backingFile?: string;
  readonly backingFormat?: string;
  /** Another name for the external data file; empty: the header names none. */
  readonly dataFile?: string;
  /** Can only be taken back. */
  readonly dataFileRaw?: boolean;
  /** Changes keys of an encrypted image, after an upgrade. */
  readonly encryption?: (image: Image) => LongTask<void>;
}

const WIDTH_NEEDS_VERSION_3 =
  'Refcount widths other than 16 bits require compatibility level 1.1 or above (use compat=1.1 or greater)';
const LAZY_NEEDS_VERSION_3 =
  'Lazy refcounts only supported with compatibility level 1.1 and above (use compat=1.1 or greater)';

/**
 * Changes options of an existing image, one after the other in QEMU's order. Each step is safe by itself; a failure leaves
 * what earlier steps did.
 * @throws EngineError with QEMU's texts
 */
export function* amendImage(image: Image, options: AmendOptions): LongTask<void> {
  image.mustBeWritable();
  judge(image, options);
  const oldVersion = image.geometry.version;
  const newVersion = options.compat === undefined ? oldVersion : options.compat === '0.10' ? 2 : 3;
  const changesWidth = options.refcountBits !== undefined && options.refcountBits !== image.geometry.refcountBits;
  const progress = new AmendProgress(
    Number(newVersion !== oldVersion) + Number(changesWidth) + Number(options.encryption !== undefined),
  );

  if (newVersion > oldVersion) yield* progress.of(upgradeVersion(image));
  if (options.encryption !== undefined) yield* progress.of(options.encryption(image));
  if (changesWidth) {
    if (newVersion < 3 && options.refcountBits !== 16) throw refused(WIDTH_NEEDS_VERSION_3);
    yield* progress.of(changeRefcountWidth(image, options.refcountBits!));
  }
  amendDataFile(image, options);
  judgeBackingFile(image, options);
  if (options.lazyRefcounts !== undefined) amendLazyRefcounts(image, options.lazyRefcounts, newVersion);
  if (options.size !== undefined && options.size > 0) resizeImage(image, options.size);
  if (newVersion < oldVersion) yield* progress.of(downgradeVersion(image));
}

function judge({ header, head }: Image, { dataFile, dataFileRaw, encryption, refcountBits }: AmendOptions): void {
  if (encryption !== undefined && head.encryption === 'none') {
    throw refused("Can't amend encryption options - encryption not present");
  }
  if (encryption !== undefined && head.encryption !== 'luks') {
    throw refused('Only LUKS encryption options can be amended for qcow2 with amend command');
  }
  if (dataFile !== undefined && (header.incompatibleFeatures & EXTERNAL_DATA_FILE_BIT) === 0n) {
    throw refused('data-file can only be set for images that use an external data file');
  }
  if (dataFileRaw === true && (header.autoclearFeatures & RAW_EXTERNAL_DATA_BIT) === 0n) {
    throw refused('data-file-raw cannot be set on existing images');
  }
  if (refcountBits !== undefined && ![1, 2, 4, 8, 16, 32, 64].includes(refcountBits)) {
    throw refused('Refcount width must be a power of two and may not exceed 64 bits');
  }
}

function amendDataFile(image: Image, { dataFile, dataFileRaw }: AmendOptions): void {
  if (dataFile === undefined && dataFileRaw !== false) return;
  const { autoclearFeatures } = image.header;
  rewriteHeader(image, {
    ...(dataFile !== undefined && { dataFile: dataFile === '' ? null : dataFile }),
    header: {
      autoclearFeatures: dataFileRaw === false ? autoclearFeatures & ~RAW_EXTERNAL_DATA_BIT : autoclearFeatures,
    },
  });
}

function judgeBackingFile({ head }: Image, { backingFile, backingFormat }: AmendOptions): void {
  if (backingFile === undefined && backingFormat === undefined) return;
  if ((backingFile ?? null) === head.backingFile && (backingFormat ?? null) === head.backingFormat) return;
  throw new EngineError('invalid-argument', 'Cannot amend the backing file', {
    hint: "You can use 'qemu-img rebase' instead.",
  });
}

function amendLazyRefcounts(image: Image, lazyRefcounts: boolean, newVersion: 2 | 3): void {
  if (lazyRefcounts === image.lazyRefcounts) return;
  if (lazyRefcounts && newVersion < 3) throw refused(LAZY_NEEDS_VERSION_3);
  // Without lazy refcounts nobody expects a dirty image.
  if (!lazyRefcounts && image.dirtyState === 'set-by-this-session') markClean(image);
  const { compatibleFeatures } = image.header;
  rewriteHeader(image, {
    header: {
      compatibleFeatures: lazyRefcounts
        ? compatibleFeatures | LAZY_REFCOUNTS_BIT
        : compatibleFeatures & ~LAZY_REFCOUNTS_BIT,
    },
  });
  image.lazyRefcounts = lazyRefcounts;
}

function refused(message: string): EngineError {
  return new EngineError('invalid-argument', message);
}
