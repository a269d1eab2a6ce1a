import { EngineError, LAZY_REFCOUNTS_BIT, OVERLAP_TEMPLATES, type ImageHead, type MetadataName } from '#engine';
import { takeOption, type Options } from '../options/options.ts';
import { takeNumber, takeSize, takeSwitch } from '../options/take-values.ts';

/** How a qcow2 image runs: options of the driver, none of which stands in the image (except as a default). */
export interface Qcow2RuntimeOptions {
  readonly lazyRefcounts: boolean;
  readonly overlapChecks: ReadonlySet<MetadataName>;
}

const L2_CACHE_SIZE_DEFAULT = 32 * 1024 * 1024;
const SLICE_SIZE_MIN = 512;
const CACHE_ENTRIES_MAX = 2 ** 31 - 1;
const CLEAN_INTERVAL_MAX = 2 ** 32 - 1;

/** Options that say whether freed space goes back to the file; here it always does where the file can take it. */
const DISCARD_SWITCHES = ['pass-discard-request', 'pass-discard-snapshot', 'pass-discard-other'];

const OVERLAP_SWITCHES: Readonly<Record<string, MetadataName>> = {
  'overlap-check.main-header': 'qcow2_header',
  'overlap-check.active-l1': 'active L1 table',
  'overlap-check.active-l2': 'active L2 table',
  'overlap-check.refcount-table': 'refcount table',
  'overlap-check.refcount-block': 'refcount block',
  'overlap-check.snapshot-table': 'snapshot table',
  'overlap-check.inactive-l1': 'inactive L1 table',
  'overlap-check.inactive-l2': 'inactive L2 table',
  'overlap-check.bitmap-directory': 'bitmap directory',
};

/**
 * Takes the qcow2 driver's options out and judges them, in QEMU's order and with its texts.
 * @throws EngineError invalid-argument
 */
export function takeQcow2Options(options: Options, head: ImageHead): Qcow2RuntimeOptions {
  judgeCacheSizes(options, head);
  const interval = takeNumber(options, 'cache-clean-interval');
  if (interval !== undefined && (interval < 0 || interval > CLEAN_INTERVAL_MAX)) refuse('Cache clean interval too big');
  const lazyRefcounts =
    takeSwitch(options, 'lazy-refcounts') ?? (head.header.compatibleFeatures & LAZY_REFCOUNTS_BIT) !== 0n;
  if (lazyRefcounts && head.geometry.version === 2) {
    refuse('Lazy refcounts require a qcow2 image with at least qemu 1.1 compatibility level');
  }
  const overlapChecks = takeOverlapChecks(options);
  for (const name of DISCARD_SWITCHES) takeSwitch(options, name);
  return { lazyRefcounts, overlapChecks };
}

/** The caches manage their size themselves; what is said of it is judged all the same. */
function judgeCacheSizes(options: Options, { geometry, header }: ImageHead): void {
  const combined = takeSize(options, 'cache-size');
  const l2 = takeSize(options, 'l2-cache-size');
  const refcounts = takeSize(options, 'refcount-cache-size');
  const slice = takeSize(options, 'l2-cache-entry-size');
  if (combined !== undefined) {
    if (l2 !== undefined && refcounts !== undefined) {
      refuse('cache-size, l2-cache-size and refcount-cache-size may not be set at the same time');
    }
    if ((l2 ?? 0) > combined) refuse('l2-cache-size may not exceed cache-size');
    if ((refcounts ?? 0) > combined) refuse('refcount-cache-size may not exceed cache-size');
  }
  const { clusterSize, l2EntrySize } = geometry;
  const isPowerOfTwo = slice === undefined || Number.isInteger(Math.log2(slice));
  if (slice !== undefined && (slice < SLICE_SIZE_MIN || slice > clusterSize || !isPowerOfTwo)) {
    refuse(
      `L2 cache entry size must be a power of two between ${SLICE_SIZE_MIN} and the cluster size (${clusterSize})`,
    );
  }
  const tables = Math.ceil((Math.ceil(header.virtualSize / clusterSize) * l2EntrySize) / clusterSize) * clusterSize;
  const l2Size = Math.min(tables, l2 ?? L2_CACHE_SIZE_DEFAULT);
  if (l2Size / (slice ?? clusterSize) > CACHE_ENTRIES_MAX) refuse('L2 cache size too big');
  if ((refcounts ?? 0) / clusterSize > CACHE_ENTRIES_MAX) refuse('Refcount cache size too big');
}

function takeOverlapChecks(options: Options): ReadonlySet<MetadataName> {
  const short = takeOption(options, 'overlap-check');
  const long = takeOption(options, 'overlap-check.template');
  if (short !== undefined && long !== undefined && short !== long) {
    refuse(
      `Conflicting values for qcow2 options 'overlap-check' ('${short}') and 'overlap-check.template' ('${long}')`,
    );
  }
  const template = short ?? long ?? 'cached';
  const names = OVERLAP_TEMPLATES[template];
  if (names === undefined) {
    refuse(
      `Unsupported value '${template}' for qcow2 option 'overlap-check'. Allowed are any of the following: none, constant, cached, all`,
    );
  }
  const checks = new Set<MetadataName>(names);
  for (const [option, name] of Object.entries(OVERLAP_SWITCHES)) {
    const isOn = takeSwitch(options, option);
    if (isOn === true) checks.add(name);
    if (isOn === false) checks.delete(name);
  }
  return checks;
}

function refuse(message: string): never {
  throw new EngineError('invalid-argument', message);
}
