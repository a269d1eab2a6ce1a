import { encodeName } from '#engine';
import type { Answer, Answers, Question } from './questions.ts';

/** Where ours and QEMU's answers to the same question differ. */
export interface Difference {
  readonly question: Question | 'disk' | 'our repair';
  readonly ours: string;
  readonly theirs: string;
}

const TIMED_OUT = 137;
const FILE_TOO_LARGE = 153;

/** All differences between the two programs' answers about one image. */
export function compare(ours: Answers, theirs: Answers): Difference[] {
  const differences: Difference[] = [];
  for (const question of Object.keys(ours.said) as Question[]) {
    const one = ours.said[question]!;
    const other = theirs.said[question]!;
    // Where QEMU was stopped there is no answer to compare with.
    if (other.code === TIMED_OUT || other.code === FILE_TOO_LARGE) continue;
    const [a, b] = [textOf(question, inBytes(one)), textOf(question, other)];
    if (a !== b) differences.push({ question, ours: a, theirs: b });
  }
  if (ours.disk !== null && theirs.disk !== null && !sameBytes(ours.disk, theirs.disk)) {
    differences.push({ question: 'disk', ours: describeFirst(ours.disk, theirs.disk), theirs: '' });
  }
  return [...differences, ...compareOurRepair(ours, theirs)];
}

/** Both judge the image that our repair left, and what it calls sound must be sound. */
function compareOurRepair({ said, ourRepair: ours }: Answers, { ourRepair: theirs }: Answers): Difference[] {
  if (ours === null || theirs === null || theirs.code === TIMED_OUT) return [];
  const [a, b] = [textOf('check', inBytes(ours)), textOf('check', theirs)];
  if (a !== b) return [{ question: 'our repair', ours: a, theirs: b }];
  if (said.repair!.code === 0 && theirs.code !== 0) return [{ question: 'our repair', ours: 'sound', theirs: b }];
  return [];
}

/** What is compared of an answer: all of it, but of a repair only how it ended. */
function textOf(question: Question, { code, stdout, stderr }: Answer): string {
  if (question === 'repair') return `code ${code}`;
  const words = question === 'info' ? stdout.replace(/^disk size: .*\n/gm, '') : stdout;
  return `code ${code}\n${words}${stderr}`;
}

/** Names in broken images are any bytes. QEMU's were read one character a byte; ours are made so. */
function inBytes({ code, stdout, stderr }: Answer): Answer {
  const latin1 = (text: string) => Buffer.from(encodeName(text)).toString('latin1');
  return { code, stdout: latin1(stdout), stderr: latin1(stderr) };
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function describeFirst(ours: Uint8Array, theirs: Uint8Array): string {
  if (ours.length !== theirs.length) return `${ours.length} bytes, not ${theirs.length}`;
  const at = ours.findIndex((byte, index) => byte !== theirs[index]);
  return `byte ${at} is ${ours[at]}, not ${theirs[at]}`;
}
