import { viewOf } from '../bytes/big-endian.ts';
import { BITMAP_DIRECTORY_SIZE_MAX, BITMAPS_MAX } from '../format/bitmap-directory.ts';
import { BITMAPS_BIT } from '../format/features.ts';
import type { Header } from '../format/header.ts';
import {
  BITMAPS_EXTENSION,
  EXTENSION_BACKING_FORMAT,
  EXTENSION_BITMAPS,
  EXTENSION_DATA_FILE,
  EXTENSION_FEATURE_NAMES,
  EXTENSION_HEADER,
  EXTENSION_LUKS,
  LUKS_EXTENSION,
  type BitmapsExtension,
  type ExtensionArea,
  type HeaderExtension,
  type LuksExtension,
} from '../format/header-extensions.ts';
import { decodeName, upToNul } from '../format/name.ts';
import { extensionPlace, HeadRefusal } from './head-refusal.ts';

/** What the header extensions say, once they were found valid. */
export interface HeaderExtensions {
  readonly backingFormat: string | null;
  readonly dataFile: string | null;
  readonly luks: LuksExtension | null;
  readonly bitmaps: BitmapsExtension | null;
  /**
   * Unknown ones in the order in which a rewrite emits them: the reverse of the order in the file, because QEMU puts each
   * one it finds at the head of its list.
   */
  readonly unknown: readonly UnknownExtension[];
}

export type UnknownExtension = Pick<HeaderExtension, 'magic' | 'data'>;

/** What an open tells besides whether it succeeds, with QEMU's texts. */
export interface HeadWarning {
  readonly message: string;
  readonly hint: string;
}

export interface JudgedExtensions {
  readonly extensions: HeaderExtensions;
  /** A bitmaps extension stands there that nothing vouches for; a writable open drops it. */
  readonly isStale: boolean;
}

const BACKING_FORMAT_SIZE_MAX = 16;
const STALE_BITMAPS_V2 =
  'This qcow2 v2 image contains bitmaps, but they may have been modified by a program without persistent bitmap support; so now they must all be considered inconsistent';
const STALE_BITMAPS_V3 =
  'a program lacking bitmap support modified this file, so all bitmaps are now considered inconsistent';
const STALE_BITMAPS_HINT = "Some clusters may be leaked, run 'qemu-img check -r' on the image file to fix.";

/** Judges the extensions one after the other, in file order. */
export function judgeExtensions(
  area: ExtensionArea,
  header: Header,
  onWarning: (warning: HeadWarning) => void,
): JudgedExtensions {
  const found = {
    backingFormat: null as string | null,
    dataFile: null as string | null,
    luks: null as LuksExtension | null,
    bitmaps: null as BitmapsExtension | null,
    unknown: [] as UnknownExtension[],
  };
  let isStale = false;
  for (const extension of area.extensions) {
    const { magic, data } = extension;
    switch (magic) {
      case EXTENSION_BACKING_FORMAT:
        found.backingFormat = backingFormatOf(extension);
        break;
      case EXTENSION_DATA_FILE:
        found.dataFile = decodeName(upToNul(data));
        break;
      case EXTENSION_LUKS:
        found.luks = luksPointerOf(extension, header);
        break;
      case EXTENSION_FEATURE_NAMES:
        break;
      case EXTENSION_BITMAPS:
        mustHaveLength(extension, BITMAPS_EXTENSION.size, 'bitmaps_ext: Invalid extension length');
        if ((header.autoclearFeatures & BITMAPS_BIT) !== 0n) {
          found.bitmaps = bitmapsOf(extension, header);
          break;
        }
        onWarning({ message: header.version < 3 ? STALE_BITMAPS_V2 : STALE_BITMAPS_V3, hint: STALE_BITMAPS_HINT });
        isStale = true;
        break;
      default:
        found.unknown.push({ magic, data });
    }
  }
  if (area.overrun !== null) {
    const place = { at: area.overrun.at, length: EXTENSION_HEADER.size };
    throw new HeadRefusal([place], 'Header extension too large');
  }
  found.unknown.reverse();
  return { extensions: found, isStale };
}

function backingFormatOf(extension: HeaderExtension): string {
  const { data } = extension;
  if (data.length >= BACKING_FORMAT_SIZE_MAX) {
    throw invalid(extension, `ERROR: ext_backing_format: len=${data.length} too large (>=${BACKING_FORMAT_SIZE_MAX})`);
  }
  return decodeName(upToNul(data));
}

function luksPointerOf(extension: HeaderExtension, header: Header): LuksExtension {
  const { data } = extension;
  if (header.cryptMethod !== 2) {
    throw invalid(extension, 'CRYPTO header extension only expected with LUKS encryption method');
  }
  const size = LUKS_EXTENSION.size;
  mustHaveLength(extension, size, `CRYPTO header extension size ${data.length}, but expected size ${size}`);
  const pointer = LUKS_EXTENSION.decode(data);
  const clusterSize = 2 ** header.clusterBits;
  const offset = wordIn(data, LUKS_EXTENSION.fields.offset.at);
  if (offset % BigInt(clusterSize) !== 0n) {
    throw invalid(extension, `Encryption header offset '${offset}' is not a multiple of cluster size '${clusterSize}'`);
  }
  return pointer;
}

function bitmapsOf(extension: HeaderExtension, header: Header): BitmapsExtension {
  const { data } = extension;
  const bitmaps = BITMAPS_EXTENSION.decode(data);
  const { bitmapCount, reserved, directorySize } = bitmaps;
  if (reserved !== 0) throw invalid(extension, 'bitmaps_ext: Reserved field is not zero');
  if (bitmapCount > BITMAPS_MAX) {
    throw invalid(
      extension,
      `bitmaps_ext: Image has ${bitmapCount} bitmaps, exceeding the QEMU supported maximum of ${BITMAPS_MAX}`,
    );
  }
  if (bitmapCount === 0) throw invalid(extension, 'found bitmaps extension with zero bitmaps');
  const directoryOffset = wordIn(data, BITMAPS_EXTENSION.fields.directoryOffset.at);
  if (directoryOffset % (1n << BigInt(header.clusterBits)) !== 0n) {
    throw invalid(extension, 'bitmaps_ext: invalid bitmap directory offset');
  }
  if (directorySize > BITMAP_DIRECTORY_SIZE_MAX) {
    const size = wordIn(data, BITMAPS_EXTENSION.fields.directorySize.at);
    throw invalid(
      extension,
      `bitmaps_ext: bitmap directory size (${size}) exceeds the maximum supported size (${BITMAP_DIRECTORY_SIZE_MAX})`,
    );
  }
  return bitmaps;
}

/** As it stands: a number does not hold the low bits of a huge one. */
function wordIn(data: Uint8Array, at: number): bigint {
  return viewOf(data).getBigUint64(at);
}

function mustHaveLength(extension: HeaderExtension, size: number, message: string): void {
  if (extension.data.length !== size) throw invalid(extension, message);
}

function invalid(extension: HeaderExtension, message: string): HeadRefusal {
  return new HeadRefusal([extensionPlace(extension)], message);
}
