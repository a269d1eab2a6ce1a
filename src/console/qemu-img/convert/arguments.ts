import { parsePairs } from '../../options/options.ts';
import { parseSize } from '../../text/sizes.ts';
import { ImgFailure, sizeOf, type Invocation } from '../invocation.ts';
import { judgeCreatable } from '../option-lists.ts';
import { parseSnapshotParameter, type SnapshotParameter } from '../snapshot-parameter.ts';

const SPARSE_DEFAULT = 4096;
const SPARSE_MAX = 16 * 1024 * 1024;
const COROUTINES_MAX = 16;

/** What `qemu-img convert` is asked to do. */
export interface ConvertPlan {
  readonly sources: readonly string[];
  /** Of the only source; null: its disk as it is. */
  readonly snapshot: SnapshotParameter | null;
  readonly target: string;
  /** null: the target is there, and its options say it. */
  readonly format: string | null;
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

/** Options that exclude or need one another. @throws ImgFailure with QEMU's text */
export function judgeFlags(invocation: Invocation): void {
  // Each is judged where it stands: of several that are wrong the first is told.
  for (const { name, value } of invocation.given) {
    if (name === 'S') sparseOf(value);
    else if (name === 'm') refuseCoroutines(value);
    else if (name === 'r') sizeOf('rate limit', value);
  }
  const has = (name: string) => invocation.has(name);
  const contradictions: readonly [boolean, string][] = [
    [has('skip-broken-bitmaps') && !has('bitmaps'), 'Use of --skip-broken-bitmaps requires --bitmaps'],
    [has('c') && has('C'), 'Cannot enable copy offloading when -c is used'],
    [has('S') && has('C'), 'Cannot enable copy offloading when -S is used'],
    [has('salvage') && has('C'), 'Cannot use copy offloading in salvaging mode'],
    [has('target-image-opts') && !has('n'), '--target-image-opts requires use of -n flag'],
    [has('n') && has('o'), '-o has no effect when skipping image creation'],
    [has('target-is-zero') && !has('n'), '--target-is-zero requires use of -n flag'],
  ];
  const found = contradictions.find(([isSo]) => isSo);
  if (found !== undefined) throw new ImgFailure(found[1]);
}

/** Everything else that can be judged before a file is touched. @throws ImgFailure with QEMU's text */
export function parseArguments(invocation: Invocation): ConvertPlan {
  const { words } = invocation;
  const format = formatOf(invocation);
  const sparse = sparseOf(invocation.value('S'));
  const snapshotText = invocation.value('l');
  const snapshot = snapshotText === undefined ? null : parseSnapshotParameter(snapshotText, invocation.report);
  if (words.length < 2) throw new ImgFailure('Must specify image file name');
  const options = new Map(invocation.values('o').flatMap((text) => parsePairs(text)));
  const backing = invocation.value('B') ?? options.get('backing_file');
  const sources = words.slice(0, -1);
  if (sources.length > 1 && backing !== undefined) {
    throw new ImgFailure(
      'Having a backing file for the target makes no sense when concatenating multiple input images',
    );
  }
  if (backing !== undefined && invocation.has('target-is-zero')) {
    throw new ImgFailure('Cannot use --target-is-zero when the destination image has a backing file');
  }
  if (format !== null && !invocation.has('n')) judgeCreatable(format);
  const isCompressed = invocation.has('c');
  if (isCompressed && (format === 'raw' || format === 'luks')) {
    throw new ImgFailure('Compression not supported for this file format');
  }
  const isEncrypted = encrypts(format, options);
  if (isCompressed && isEncrypted) {
    throw new ImgFailure('Compression and encryption not supported at the same time');
  }
  const isPreallocated = (options.get('preallocation') ?? 'off') !== 'off';
  if (isCompressed && isPreallocated) {
    throw new ImgFailure('Compression and preallocation not supported at the same time');
  }
  if (backing !== undefined && !invocation.has('n') && !options.has('backing_fmt') && !invocation.has('F')) {
    throw new ImgFailure('Use of backing file requires explicit backing format');
  }
  return {
    sources,
    snapshot,
    target: words.at(-1)!,
    format,
    isCompressed,
    sparse,
    backing,
    mustWriteZeros:
      backing !== undefined ||
      (invocation.has('n') && !invocation.has('target-is-zero')) ||
      // Space that is there without having been written does not decrypt to zeros.
      format === 'luks' ||
      (isEncrypted && isPreallocated),
    salvages: invocation.has('salvage'),
  };
}

/** null: the options of the target say it. */
function formatOf(invocation: Invocation): string | null {
  const format = invocation.value('O');
  if (!invocation.has('target-image-opts')) return format ?? 'raw';
  if (format !== undefined) throw new ImgFailure('--image-opts and --format are mutually exclusive');
  return null;
}

function encrypts(format: string | null, options: ReadonlyMap<string, string>): boolean {
  const isLegacy = ['on', 'yes', 'true', 'y'].includes(options.get('encryption') ?? 'off');
  return format === 'luks' || options.has('encrypt.format') || isLegacy;
}

function sparseOf(text: string | undefined): number {
  if (text === undefined) return SPARSE_DEFAULT;
  const size = sizeOf('buffer size for sparse output', text);
  if (size % 512 === 0 && size <= SPARSE_MAX) return size;
  throw new ImgFailure(
    `Invalid buffer size for sparse output specified. Valid sizes are multiples of 512 up to ${SPARSE_MAX}. Select 0 to disable sparse detection (fully allocates output).`,
  );
}

function refuseCoroutines(text: string): void {
  const count = parseSize(text);
  if (typeof count === 'number' && count >= 1 && count <= COROUTINES_MAX) return;
  throw new ImgFailure(`Invalid number of coroutines. Allowed number of coroutines is between 1 and ${COROUTINES_MAX}`);
}
