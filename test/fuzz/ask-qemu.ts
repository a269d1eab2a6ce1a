import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { QUESTIONS, questionsFor, type Answer, type Answers, type Question } from './questions.ts';
import { BACKING_FILE, backingBytes } from './sound-image.ts';

export interface QemuRequest {
  readonly bytes: Uint8Array;
  readonly seed: number;
  /** The image as our repair left it, to be judged by QEMU's check; null where there is nothing to judge. */
  readonly ours: Uint8Array | null;
}

export interface QemuAnswers extends Answers {
  /** QEMU's check of the image that we repaired. */
  readonly ourRepair: Answer | null;
}

const SCRIPT = fileURLToPath(new URL('./ask-qemu.sh', import.meta.url));
const CHECK_OURS = 'check -f qcow2 ours.qcow2';
/** Of a longer file no copy is made. */
const FILE_SIZE_MAX = 256 * 1024 * 1024;

/**
 * Asks the real qemu-img about several images at once, from one shell: starting processes from here would take longer
 * than their work.
 * @param folder an empty folder for the files
 */
export async function askQemu(folder: string, requests: readonly QemuRequest[]): Promise<QemuAnswers[]> {
  requests.forEach((request, index) => prepare(`${folder}/${index}`, request));
  await new Promise<void>((resolve, reject) => {
    execFile('bash', [SCRIPT, folder], (error) => (error === null ? resolve() : reject(error)));
  });
  return requests.map((request, index) => answersIn(`${folder}/${index}`, request));
}

/** Files without holes: in a hole QEMU would tell zeros from data. */
function prepare(folder: string, { bytes, seed, ours }: QemuRequest): void {
  mkdirSync(folder);
  writeFileSync(`${folder}/image.qcow2`, bytes);
  writeFileSync(`${folder}/repaired.qcow2`, bytes);
  writeFileSync(`${folder}/${BACKING_FILE}`, backingBytes());
  const lines = questionsFor(bytes, seed).map((question) => `${question} ${QUESTIONS[question].join(' ')}`);
  if (ours !== null) {
    writeFileSync(`${folder}/ours.qcow2`, ours);
    lines.push(`ours ${CHECK_OURS}`);
  }
  writeFileSync(`${folder}/questions`, lines.map((line) => `${line}\n`).join(''));
}

function answersIn(folder: string, { bytes, seed, ours }: QemuRequest): QemuAnswers {
  const said: Partial<Record<Question, Answer>> = {};
  for (const question of questionsFor(bytes, seed)) said[question] = answerIn(folder, question);
  return {
    said,
    disk: said.convert?.code === 0 ? contentOf(`${folder}/disk.raw`) : null,
    repaired: contentOf(`${folder}/repaired.qcow2`),
    ourRepair: ours === null ? null : answerIn(folder, 'ours'),
  };
}

function answerIn(folder: string, name: string): Answer {
  return {
    code: Number(readFileSync(`${folder}/${name}.code`, 'utf8')),
    stdout: readFileSync(`${folder}/${name}.out`, 'latin1'),
    stderr: readFileSync(`${folder}/${name}.err`, 'latin1'),
  };
}

function contentOf(path: string): Uint8Array | null {
  return statSync(path).size > FILE_SIZE_MAX ? null : readFileSync(path);
}
