import { transferMemory } from '#engine';
import { statusAbove, type LayerStatus } from '../../block/layers.ts';
import { firstDifferentSector } from '../../block/first-difference.ts';
import type { BlockNode } from '../../block/node.ts';
import { isAllZero } from '../../block/zeros.ts';
import { ImgFailure, misused } from '../failure.ts';
import { Invocation, type ImgCommand } from '../invocation.ts';
import { ProgressLine } from '../progress.ts';

/** What is compared at once, as the progress and the messages have it. */
const CHUNK = 2 * 1024 * 1024;
/** Small enough that what was read is compared while it is in the processor's cache. */
const PIECE = 256 * 1024;
/** Exit codes: 0 says that the images are the same. */
const DIFFERENT = 1;
const OPEN_FAILED = 2;
const STATUS_FAILED = 3;
const READ_FAILED = 4;
const PROGRESS_STEP = 2;

/** An image that is compared, by the name it was given. */
interface Subject {
  readonly invocation: Invocation;
  readonly name: string;
  readonly node: BlockNode;
}

export const compare: ImgCommand = async (host, args) => {
  const invocation = await Invocation.of(host, args, {
    name: 'compare',
    short: 'hf:F:T:pqsU',
    long: { 'force-share': 'U' },
    objectFailureCode: OPEN_FAILED,
  });
  if (invocation.words.length !== 2) throw misused('Expecting two image file names');
  const progress = new ProgressLine(invocation, { step: PROGRESS_STEP });
  const subjects: Subject[] = [];
  try {
    const cacheMode = invocation.cacheMode('T', 'writeback', 'source ');
    for (const [index, name] of invocation.words.entries()) {
      const format = invocation.value(index === 0 ? 'f' : 'F');
      subjects.push({
        invocation,
        name,
        node: await invocation.open(name, { writable: false, cacheMode, format, readsInOrder: true }),
      });
    }
  } catch (error) {
    closeAll(subjects);
    progress.end();
    throw error instanceof ImgFailure
      ? new ImgFailure(error.message, { hints: error.hints, exitCode: OPEN_FAILED })
      : error;
  }
  try {
    progress.begin();
    for (const step of differences(subjects[0]!, subjects[1]!, invocation.has('s'))) {
      if (step.kind === 'said') invocation.print(`${step.text}\n`);
      else if (step.kind === 'differs') {
        invocation.print(`${step.text}\n`);
        return DIFFERENT;
      } else {
        progress.advance(step.percent);
        await host.pause();
      }
    }
    invocation.print('Images are identical.\n');
    return 0;
  } finally {
    closeAll(subjects);
    progress.end();
  }
};

function closeAll(subjects: readonly Subject[]): void {
  for (const { node } of subjects) node.close();
}

type Step =
  | { readonly kind: 'done'; readonly percent: number }
  | { readonly kind: 'said'; readonly text: string }
  | { readonly kind: 'differs'; readonly text: string };

/** Goes through both images run by run; ends with the first difference. */
function* differences(a: Subject, b: Subject, isStrict: boolean): Generator<Step> {
  const [common, total] = [Math.min(a.node.length, b.node.length), Math.max(a.node.length, b.node.length)];
  if (isStrict && common !== total) {
    yield { kind: 'differs', text: 'Strict mode: Image size mismatch!' };
    return;
  }
  const buffers = [transferMemory(PIECE), transferMemory(PIECE)] as const;
  const [runsA, runsB] = [new Runs(a), new Runs(b)];
  for (let at = 0; at < common;) {
    const [statusA, statusB] = [runsA.from(at), runsB.from(at)];
    if (isStrict && !isSameStatus(a, statusA, b, statusB, at)) {
      yield { kind: 'differs', text: `Strict mode: Offset ${at} block status mismatch!` };
      return;
    }
    let length = Math.min(statusA.length, statusB.length);
    const [hasA, hasB] = [statusA.kind === 'data', statusB.kind === 'data'];
    if (hasA || hasB) {
      length = Math.min(length, CHUNK);
      const mismatch = mismatchIn(at, length, hasA ? a : b, hasA && hasB ? b : null, buffers);
      if (mismatch !== null) {
        yield { kind: 'differs', text: `Content mismatch at offset ${mismatch}!` };
        return;
      }
    }
    at += length;
    yield { kind: 'done', percent: percentOf(length, total) };
  }
  if (common === total) return;
  yield { kind: 'said', text: 'Warning: Image size mismatch!' };
  const [longer, runs] = a.node.length > b.node.length ? [a, runsA] : [b, runsB];
  for (let at = common; at < total;) {
    const status = runs.from(at);
    const length = status.kind === 'data' ? Math.min(status.length, CHUNK) : status.length;
    const mismatch = status.kind === 'data' ? mismatchIn(at, length, longer, null, buffers) : null;
    if (mismatch !== null) {
      yield { kind: 'differs', text: `Content mismatch at offset ${mismatch}!` };
      return;
    }
    at += length;
    yield { kind: 'done', percent: percentOf(length, total) };
  }
}

/** The runs of an image, asked for from the start to the end: each is looked up once, however many chunks it is read in. */
class Runs {
  readonly #subject: Subject;
  #status: LayerStatus | null = null;
  #end = 0;

  constructor(subject: Subject) {
    this.#subject = subject;
  }

  /** What is left of the run that holds `at`. */
  from(at: number): LayerStatus {
    if (this.#status === null || at >= this.#end) {
      this.#status = statusAt(this.#subject, at);
      this.#end = at + this.#status.length;
    }
    return { ...this.#status, length: this.#end - at };
  }
}

function statusAt({ invocation, name, node }: Subject, at: number): LayerStatus {
  const failed = `Sector allocation test failed for ${name}`;
  const status = () => statusAbove(node, null, at, node.length - at);
  return invocation.attempt(failed, status, { hasReason: false, exitCode: STATUS_FAILED });
}

function isSameStatus(a: Subject, statusA: LayerStatus, b: Subject, statusB: LayerStatus, at: number): boolean {
  const reachesEndOf = (subject: Subject, status: LayerStatus) => at + status.length === subject.node.length;
  return (
    statusA.kind === statusB.kind &&
    statusA.hasHostOffset === statusB.hasHostOffset &&
    reachesEndOf(a, statusA) === reachesEndOf(b, statusB)
  );
}

/** In single precision, as QEMU adds it up. */
function percentOf(length: number, total: number): number {
  return Math.fround(Math.fround(length / Math.fround(total)) * 100);
}

/** The first sector of `a` that differs from `b`, or from zeros, in a chunk; null if none does. */
function mismatchIn(
  at: number,
  length: number,
  a: Subject,
  b: Subject | null,
  buffers: readonly [Uint8Array, Uint8Array],
): number | null {
  for (let start = 0; start < length; start += PIECE) {
    const [bytes, others] = buffers.map((buffer) => buffer.subarray(0, length - start)) as [Uint8Array, Uint8Array];
    read(a, { at: at + start, chunkAt: at }, bytes);
    if (b === null && isAllZero(bytes)) continue;
    if (b === null) others.fill(0);
    else read(b, { at: at + start, chunkAt: at }, others);
    const sector = firstDifferentSector(bytes, others);
    if (sector !== null) return at + start + sector;
  }
  return null;
}

/** @throws ImgFailure that names the start of the chunk */
function read(
  { invocation, name, node }: Subject,
  { at, chunkAt }: { readonly at: number; readonly chunkAt: number },
  bytes: Uint8Array,
): void {
  const failed = `Error while reading offset ${chunkAt} of ${name}`;
  invocation.attempt(failed, () => node.readAt(at, bytes), { exitCode: READ_FAILED });
}
