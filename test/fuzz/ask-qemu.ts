import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Header } from '#engine';
import {
  CHECK_OUR_REPAIR,
  CONTENT_SIZE_MAX,
  QUESTIONS,
  questionsFor,
  type Answer,
  type Answers,
  type Question,
} from './questions.ts';
import { BACKING_FILE, backingBytes } from './sound-image.ts';

/** One image that the real qemu-img is asked about. */
export interface QemuRequest {
  readonly header: Header;
  readonly seed: number;
  /** Where its files lie, and the answers will. */
  readonly folder: string;
  /** Our repair changed the image. */
  readonly wasRepaired: boolean;
}

const SCRIPT = fileURLToPath(new URL('./ask-qemu.sh', import.meta.url));

/** Lays out the files of a request, without holes: in a hole QEMU would tell zeros from data. */
export function prepareForQemu(request: QemuRequest, bytes: Uint8Array, ours: Answers): void {
  const { folder, header, seed, wasRepaired } = request;
  mkdirSync(folder);
  writeFileSync(`${folder}/image.qcow2`, bytes);
  writeFileSync(`${folder}/repaired.qcow2`, bytes);
  writeFileSync(`${folder}/${BACKING_FILE}`, backingBytes());
  const lines = questionsFor(header, seed).map((question) => `${question} ${QUESTIONS[question].join(' ')}`);
  if (wasRepaired) {
    writeFileSync(`${folder}/ours.qcow2`, ours.repaired!);
    lines.push(`ours ${CHECK_OUR_REPAIR.join(' ')}`);
  }
  writeFileSync(`${folder}/questions`, lines.map((line) => `${line}\n`).join(''));
}

/**
 * Asks about all that was prepared in folders below `folder`, from one shell: starting processes from here would take
 * longer than their work.
 */
export async function askQemu(folder: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    execFile('bash', [SCRIPT, folder], (error) => (error === null ? resolve() : reject(error)));
  });
}

/** What it answered about one image: read when it is looked at, as the answers of a whole batch fill a memory. */
export function answersOfQemu({ header, seed, folder, wasRepaired }: QemuRequest): Answers {
  const said: Partial<Record<Question, Answer>> = {};
  for (const question of questionsFor(header, seed)) said[question] = answerIn(folder, question);
  return {
    said,
    disk: said.convert?.code === 0 ? contentOf(`${folder}/disk.raw`) : null,
    repaired: contentOf(`${folder}/repaired.qcow2`),
    ourRepair: wasRepaired ? answerIn(folder, 'ours') : null,
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
  return statSync(path).size > CONTENT_SIZE_MAX ? null : readFileSync(path);
}
