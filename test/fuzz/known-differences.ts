import { decodeHeader, RAW_EXTERNAL_DATA_BIT, type Header } from '#engine';
import { MESSAGES_MAX } from '../../src/engine/check/run-check.ts';
import type { Difference } from './compare.ts';
import type { Answers } from './questions.ts';
import type { RepairOutline } from './repair-outline.ts';

/** Everything about an image in which the answers differ. */
export interface DifferenceContext {
  readonly difference: Difference;
  readonly header: Header;
  readonly repair: RepairOutline | null;
  readonly ours: Answers;
  readonly theirs: Answers;
}

interface KnownDifference {
  readonly name: string;
  /** Why it is no defect. */
  readonly because: string;
  readonly applies: (context: DifferenceContext) => boolean;
}

/** The only differences that are accepted, each as narrow as its reason. */
const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    name: 'crash of QEMU',
    because: 'It ended with a segmentation fault or an assertion, ours with an error that has a name.',
    applies: ({ difference }) => /^code 1(39|34)\n/.test(difference.theirs) && /^code 1\n/.test(difference.ours),
  },
  {
    name: 'backing file not needed',
    because: 'A check looks at the image alone; QEMU opens its backing file too, and fails where that is missing.',
    applies: ({ difference, theirs }) =>
      isAbout(difference, 'check', 'repair', 'our repair') &&
      /Could not open backing file|backing file/.test(theirs.said.check!.stderr),
  },
  {
    name: 'flags mended once the snapshot table has moved',
    because:
      'Where the table was, clusters of the disk are alone from then on. Their flags are mended at once; QEMU finds them in ' +
      'the check behind its repair, and leaves them to a second one.',
    applies: ({ difference, repair, ours, theirs }) =>
      isAbout(difference, 'repair') &&
      ours.said.repair!.code === 0 &&
      theirs.said.repair!.code === 2 &&
      repair?.steps.has('mend-snapshot-table') === true &&
      repair.steps.has('fix-copied-flags') &&
      /^(?:.*OFLAG_COPIED.*refcount=1\n)+$/m.test(theirs.said.repair!.stderr),
  },
  {
    name: 'key not needed',
    because: 'A check looks at the structures, which are not encrypted; QEMU wants the key before it opens the image.',
    applies: ({ difference, theirs }) =>
      isAbout(difference, 'check', 'repair', 'our repair') &&
      theirs.said.check!.stderr.includes("Parameter 'encrypt.key-secret' is required for cipher"),
  },
  {
    name: 'repair refused',
    because: 'What refers to what is not known, so nothing is freed or rebuilt; QEMU goes on and may give data away.',
    applies: ({ difference, repair, ours }) =>
      isAbout(difference, 'repair') && ours.said.repair!.code === 1 && repair?.isRefused === true,
  },
  {
    name: 'refcounts rebuilt where a broken table entry points',
    because:
      'A block behind a broken entry of the refcount table is no block any more, and free; QEMU rebuilds into it, and ' +
      'then takes its own write for a harmful one.',
    applies: ({ difference, repair, theirs }) =>
      isAbout(difference, 'repair') &&
      repair?.steps.has('switch-to-new-refcounts') === true &&
      (repair.found.has('refcount-table-reserved-bits') || repair.found.has('refcount-block-unaligned')) &&
      /Rebuilding[^]*overlaps with refcount block\).*\n.*ERROR writing ref(block|table)/.test(
        theirs.said.repair!.stderr,
      ),
  },
  {
    name: 'rebuilt beside what dangling entries claim',
    because: 'Where the file grows, QEMU puts new structures where entries behind its end point, and breaks it again.',
    applies: ({ difference, repair, ours, theirs }) =>
      isAbout(difference, 'repair') &&
      repair?.steps.has('switch-to-new-refcounts') === true &&
      repair.found.has('beyond-end-of-file') &&
      ours.said.repair!.code !== 1 &&
      theirs.said.repair!.code === 2 &&
      // What its rebuild left: clusters with one count and more references, or than 1-bit refcounts can hold.
      /\nERROR(: overflow cluster offset=0x[0-9a-f]+| cluster \d+ refcount=\d+ reference=\d+)\n/.test(
        afterRebuild(theirs.said.repair!.stderr),
      ),
  },
  {
    name: 'file grown to what its entries claim',
    because: 'After a crash an entry can be there and the growth of the file not; QEMU leaves such entries as errors.',
    applies: ({ difference, repair, ours, theirs }) =>
      isAbout(difference, 'repair') &&
      repair?.steps.has('grow-file') === true &&
      repair.mended.has('beyond-end-of-file') &&
      ours.said.repair!.code !== 1 &&
      /exceeding the end of the file/.test(theirs.said.repair!.stderr),
  },
  {
    name: 'entries counted that a growing file reaches',
    because:
      'A file that grows to a refcount block reaches what entries claim in front of it; QEMU frees such clusters, and ' +
      'finds them missing in its next check.',
    applies: ({ difference, repair, ours, theirs }) =>
      isAbout(difference, 'repair') &&
      repair?.steps.has('grow-file') === true &&
      repair.found.has('refcount-block-outside') &&
      repair.found.has('beyond-end-of-file') &&
      ours.said.repair!.code !== 1 &&
      /\nRepairing refcount block \d+ is outside image\n/.test(theirs.said.repair!.stderr) &&
      /\nERROR cluster \d+ refcount=\d+ reference=\d+\n/.test(theirs.said.repair!.stderr) &&
      theirs.said.repair!.code === 2,
  },
  {
    name: 'file longer than QEMU may make it here',
    because:
      'The fuzzer lets the real qemu-img write files of 4 GiB; a file in memory may grow to a block further out.',
    applies: ({ difference, repair, ours, theirs }) =>
      isAbout(difference, 'repair') &&
      repair?.steps.has('grow-file') === true &&
      repair.found.has('refcount-block-outside') &&
      ours.said.repair!.code !== 1 &&
      theirs.said.repair!.stderr.includes('\nERROR could not resize image: File too large\n'),
  },
  {
    name: 'bitmaps not marked in use for a repair',
    because: 'A repair records nothing in bitmaps; QEMU marks them first, and gives up where that would hit something.',
    applies: ({ difference, ours, theirs }) =>
      isAbout(difference, 'repair') &&
      ours.said.repair!.code !== 1 &&
      /Could not open '.*': Can't update bitmap directory: Input\/output error/.test(theirs.said.repair!.stderr),
  },
  {
    name: 'place behind 2^63',
    because: 'No file reaches there. QEMU takes it for a negative place, and asks for memory to count its clusters.',
    applies: ({ difference, theirs }) =>
      isAbout(difference, 'check', 'our repair') &&
      theirs.said.check!.stderr.endsWith('qemu-img: Check failed: Cannot allocate memory\n') &&
      /exceeding the end of the file.*offset 0x[89a-f][0-9a-f]{15} .*\n(.*\n)?qemu-img: Check failed: I/.test(
        difference.ours,
      ),
  },
  {
    name: 'lines left out',
    because: 'Ours keeps the first 100,000 lines of a check. The summary counts all that was found.',
    applies: ({ difference }) => {
      if (!isAbout(difference, 'check', 'our repair')) return false;
      const [ours, theirs] = [difference.ours.split('\n'), difference.theirs.split('\n')];
      const missing = theirs.length - ours.length;
      const cut = ours.findIndex((line, index) => line !== theirs[index]);
      return cut >= MESSAGES_MAX && ours.slice(cut).every((line, index) => line === theirs[cut + missing + index]);
    },
  },
  {
    name: 'flag mended in an L1 table that an L2 table claims',
    because:
      'The L1 table is where it should be, and its flag is mended; QEMU gives up, as the misplaced L2 table would change.',
    applies: ({ difference, theirs }) =>
      isAbout(difference, 'repair') &&
      /Repairing OFLAG_COPIED L2 cluster.*\n.*overlaps with active L2 table/.test(theirs.said.repair!.stderr),
  },
  {
    name: 'bitmap directory of no size',
    because: 'With the autoclear bit but no bitmaps, QEMU takes an empty directory for one that every write would hit.',
    applies: ({ difference, theirs }) =>
      isAbout(difference, 'repair') && /overlaps with bitmap directory/.test(theirs.said.repair!.stderr),
  },
  {
    name: 'snapshots forgotten by QEMU',
    because:
      'With bitmaps, its repair rewrites the header before it has read the snapshots, and then frees what they hold.',
    applies: ({ difference, header, theirs }) =>
      isAbout(difference, 'repair') &&
      header.snapshotCount > 0 &&
      theirs.repaired !== null &&
      decodeHeader(theirs.repaired).snapshotCount === 0 &&
      !theirs.said.repair!.stderr.includes('Discarding'),
  },
  {
    name: 'order of failing reads',
    because: 'QEMU reads eight pieces at once and names those that failed in the order in which they come back.',
    applies: ({ difference, ours, theirs }) =>
      isAbout(difference, 'convert') && [ours, theirs].every(({ said }) => saysOnlyReadErrors(said.convert!.stderr)),
  },
  {
    name: 'refcounts not looked at for a conversion',
    because: 'QEMU reads refcounts to guess whether metadata was preallocated, and tells what it finds on the way.',
    applies: ({ difference }) =>
      isAbout(difference, 'convert', 'map') &&
      /^\[?qcow2: Image is corrupt: Refblock offset /m.test(difference.theirs) &&
      // QEMU tells of corruption once: what ours tells instead may not be told any more.
      withoutCorruption(difference.theirs) === withoutCorruption(difference.ours),
  },
  {
    name: 'bitmap that cannot be read',
    because:
      'The disk can be used all the same, and the bitmap counts as inconsistent; QEMU opens nothing at all then.',
    applies: ({ theirs, difference }) =>
      /Could not open '.*': Could not read bitmap(_table table from image for bitmap)? '/.test(
        isAbout(difference, 'repair') ? theirs.said.repair!.stderr : difference.theirs,
      ),
  },
  {
    name: 'compressed data with subclusters',
    because: 'The guest can read it, so it counts as referred to; QEMU takes it for lost, and its repair frees it.',
    applies: ({ difference, theirs }) =>
      isAbout(difference, 'check', 'repair', 'our repair') &&
      /compressed cluster \d+ with non-zero subcluster allocation bitmap/.test(theirs.said.check!.stderr),
  },
  {
    name: 'key asked for before the rest of the header is looked at',
    because: 'QEMU asks for the key at the extension that names its place; both refuse the image.',
    applies: ({ difference }) =>
      difference.theirs.includes("Parameter 'encrypt.key-secret' is required for cipher") &&
      /^code 1\n[^]*qemu-img: Could not open '.*': /.test(difference.ours),
  },
  {
    name: 'bitmap entry of 4 GiB',
    because: 'It ends outside its directory; in QEMU its size wraps, and the next thing wrong with it is named.',
    applies: ({ difference }) =>
      difference.theirs.includes(': Bitmap extra data is not supported\n') &&
      difference.theirs.replace('Bitmap extra data is not supported', 'Broken bitmap directory') === difference.ours,
  },
  {
    name: 'raw external data without a file',
    because: 'QEMU describes an image without looking for its data file, so only reading finds the contradiction.',
    applies: ({ difference, header }) =>
      isAbout(difference, 'info') &&
      (header.autoclearFeatures & RAW_EXTERNAL_DATA_BIT) !== 0n &&
      difference.ours.includes('data-file-raw requires a data file'),
  },
];

/** The name of the reason for a difference, or null for a defect. */
export function reasonFor(context: DifferenceContext): string | null {
  return KNOWN_DIFFERENCES.find(({ applies }) => applies(context))?.name ?? null;
}

function isAbout({ question }: Difference, ...questions: readonly Difference['question'][]): boolean {
  return questions.includes(question);
}

function afterRebuild(stderr: string): string {
  return stderr.slice(Math.max(0, stderr.indexOf('Rebuilding refcount structure')));
}

function saysOnlyReadErrors(stderr: string): boolean {
  const lines = stderr.trimEnd().split('\n');
  const isReadError = (line: string) =>
    /^qemu-img: error while reading at byte \d+: Input\/output error$|^qcow2: Image is corrupt: /.test(line);
  return lines.every(isReadError) && lines.some((line) => line.startsWith('qemu-img: '));
}

function withoutCorruption(text: string): string {
  // The text of a map begins with a bracket.
  return text.replace(/^(\[?)qcow2: Image is corrupt: .*\n/gm, '$1');
}
