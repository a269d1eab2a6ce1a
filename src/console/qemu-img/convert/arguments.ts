import type { Report } from '../../block/driver.ts';
import { parsePairs } from '../../options/options.ts';
import { parseSize } from '../../text/sizes.ts';
import { setBacking } from '../commands/create.ts';
import { parseCreateValues } from '../create-options.ts';
import { ImgFailure } from '../failure.ts';
import { sizeOf, type GivenOption, type Invocation } from '../invocation.ts';
import { judgeCreatable, judgeOptionList } from '../option-lists.ts';
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
  /** What `-o` says, before it is judged. */
  readonly options: ReadonlyMap<string, string>;
  /** What is not written may read as something else than zeros: a backing file's bytes, or what was there before. */
  readonly mustWriteZeros: boolean;
  /** What cannot be read becomes zeros. */
  readonly salvages: boolean;
}

/** @throws ImgFailure with QEMU's text */
export function judgeOption({ name, value }: GivenOption, report: Report): void {
  if (name === 'o') judgeOptionList(value);
  else if (name === 'l') parseSnapshotParameter(value, report);
  else if (name === 'S') sparseOf(value);
  else if (name === 'm') refuseCoroutines(value);
  else if (name === 'r') sizeOf('rate limit', value);
}

/** Options that exclude or need one another. @throws ImgFailure with QEMU's text */
export function judgeFlags(invocation: Invocation): void {
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

/** What is to be done. @throws ImgFailure with QEMU's text for what is judged before a file is opened */
export function parseArguments(invocation: Invocation): ConvertPlan {
  const { words } = invocation;
  const format = formatOf(invocation);
  const snapshotText = invocation.value('l');
  const snapshot = snapshotText === undefined ? null : parseSnapshotParameter(snapshotText);
  if (words.length < 2) throw new ImgFailure('Must specify image file name');
  const options = new Map(invocation.values('o').flatMap((text) => parsePairs(text)));
  const backing = invocation.value('B') ?? options.get('backing_file');
  return {
    sources: words.slice(0, -1),
    snapshot,
    target: words.at(-1)!,
    format,
    isCompressed: invocation.has('c'),
    sparse: sparseOf(invocation.value('S')),
    backing,
    options,
    mustWriteZeros:
      backing !== undefined ||
      (invocation.has('n') && !invocation.has('target-is-zero')) ||
      // Space that is there without having been written does not decrypt to zeros.
      format === 'luks' ||
      (encrypts(format, options) && preallocates(options)),
    salvages: invocation.has('salvage'),
  };
}

/** What can be judged of the target before it is touched; the sources are open by then. @throws ImgFailure with QEMU's text */
export function judgeTarget(
  invocation: Invocation,
  { sources, format, isCompressed, backing, options }: ConvertPlan,
): void {
  const isNew = format !== null && !invocation.has('n');
  if (isNew) {
    judgeCreatable(format);
    const values = parseCreateValues(format, invocation.values('o'));
    setBacking(values, format, { file: invocation.value('B'), format: invocation.value('F') });
  }
  if (backing !== undefined && invocation.has('target-is-zero')) {
    throw new ImgFailure('Cannot use --target-is-zero when the destination image has a backing file');
  }
  if (sources.length > 1 && backing !== undefined) {
    throw new ImgFailure(
      'Having a backing file for the target makes no sense when concatenating multiple input images',
    );
  }
  if (backing !== undefined && isNew && !options.has('backing_fmt') && !invocation.has('F')) {
    throw new ImgFailure('Use of backing file requires explicit backing format');
  }
  if (!isCompressed || !isNew) return;
  if (format === 'raw' || format === 'luks') throw new ImgFailure('Compression not supported for this file format');
  if (encrypts(format, options)) throw new ImgFailure('Compression and encryption not supported at the same time');
  if (preallocates(options)) throw new ImgFailure('Compression and preallocation not supported at the same time');
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

function preallocates(options: ReadonlyMap<string, string>): boolean {
  return (options.get('preallocation') ?? 'off') !== 'off';
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
