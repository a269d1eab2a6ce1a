import { parsePairs } from '../../options/options.ts';
import { parseSize } from '../../text/sizes.ts';
import { ImgFailure, misused, type Invocation } from '../invocation.ts';

const FORMATS = ['qcow2', 'raw'];
const SPARSE_DEFAULT = 4096;
const SPARSE_MAX = 16 * 1024 * 1024;
const COROUTINES_MAX = 16;

/** What `qemu-img convert` is asked to do. */
export interface ConvertPlan {
  readonly sources: readonly string[];
  readonly target: string;
  readonly format: string;
  readonly isCompressed: boolean;
  /** Bytes of zeros that are worth a hole; 0: everything is written. */
  readonly sparse: number;
  /** The backing file that the target gets. */
  readonly backing: string | undefined;
  /** What is not written may read as something else than zeros: a backing file's bytes, or what was there before. */
  readonly mustWriteZeros: boolean;
  /** What cannot be read becomes zeros. */
  readonly salvages: boolean;
}

/** Everything that can be judged before a file is touched. @throws ImgFailure with QEMU's text */
export function parseArguments(invocation: Invocation): ConvertPlan {
  const { words } = invocation;
  const format = invocation.value('O') ?? 'raw';
  const sparse = sparseOf(invocation.value('S'));
  refuseCoroutines(invocation.value('m'));
  if (invocation.has('skip-broken-bitmaps') && !invocation.has('bitmaps')) {
    throw new ImgFailure('Use of --skip-broken-bitmaps requires --bitmaps');
  }
  if (words.length < 2) throw misused('Must specify image file name');
  if (invocation.has('target-image-opts')) {
    throw new ImgFailure(
      'Converting with --target-image-opts is not supported by this program yet. Nothing was written.',
    );
  }
  if (invocation.has('n') && invocation.has('o')) throw new ImgFailure('-o has no effect when skipping image creation');
  const options = new Map(invocation.values('o').flatMap((text) => parsePairs(text)));
  const backing = invocation.value('B') ?? options.get('backing_file');
  const sources = words.slice(0, -1);
  if (sources.length > 1 && backing !== undefined) {
    throw new ImgFailure(
      'Having a backing file for the target makes no sense when concatenating multiple input images',
    );
  }
  if (!FORMATS.includes(format)) throw new ImgFailure(`Unknown file format '${format}'`);
  const isCompressed = invocation.has('c');
  if (isCompressed && format === 'raw') throw new ImgFailure('Compression not supported for this file format');
  if (isCompressed && (options.get('preallocation') ?? 'off') !== 'off') {
    throw new ImgFailure('Compression and preallocation not supported at the same time');
  }
  if (backing !== undefined && !invocation.has('n') && !options.has('backing_fmt') && !invocation.has('F')) {
    throw new ImgFailure('Use of backing file requires explicit backing format');
  }
  return {
    sources,
    target: words.at(-1)!,
    format,
    isCompressed,
    sparse,
    backing,
    mustWriteZeros: backing !== undefined || (invocation.has('n') && !invocation.has('target-is-zero')),
    salvages: invocation.has('salvage'),
  };
}

function sparseOf(text: string | undefined): number {
  if (text === undefined) return SPARSE_DEFAULT;
  const size = parseSize(text);
  if (typeof size === 'number' && size % 512 === 0 && size <= SPARSE_MAX) return size;
  throw new ImgFailure(
    `Invalid buffer size for sparse output specified. Valid sizes are multiples of 512 up to ${SPARSE_MAX}. Select 0 to disable sparse detection (fully allocates output).`,
  );
}

function refuseCoroutines(text: string | undefined): void {
  if (text === undefined) return;
  const count = parseSize(text);
  if (typeof count === 'number' && count >= 1 && count <= COROUTINES_MAX) return;
  throw new ImgFailure(`Invalid number of coroutines. Allowed number of coroutines is between 1 and ${COROUTINES_MAX}`);
}
