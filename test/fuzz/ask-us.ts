import { decodeHeader } from '#engine';
import { MemoryHost } from '../console/memory-host.ts';
import { Violation } from './exercise.ts';
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

const BACKING = backingBytes();

/** Asks our own qemu-img, in this process and over files in memory. */
export async function askUs(bytes: Uint8Array, seed: number): Promise<Answers> {
  const host = new MemoryHost();
  host.addFile('image.qcow2', bytes);
  host.addFile('repaired.qcow2', bytes);
  host.addFile(BACKING_FILE, BACKING);
  const said: Partial<Record<Question, Answer>> = {};
  for (const question of questionsFor(decodeHeader(bytes), seed)) {
    said[question] = await answerTo(host, question, QUESTIONS[question]);
  }
  const repaired = contentOf(host, 'repaired.qcow2');
  const isChanged = repaired !== null && Buffer.compare(repaired, bytes) !== 0;
  if (isChanged) host.addFile('ours.qcow2', repaired);
  return {
    said,
    disk: said.convert?.code === 0 ? contentOf(host, 'disk.raw') : null,
    repaired,
    ourRepair: isChanged ? await answerTo(host, 'check of our repair', CHECK_OUR_REPAIR) : null,
  };
}

async function answerTo(host: MemoryHost, what: string, args: readonly string[]): Promise<Answer> {
  try {
    return await host.qemuImg(...args);
  } catch (error) {
    const text = error instanceof Error ? (error.stack ?? '') : String(error);
    throw new Violation(`qemu-img ${what}`, text, { cause: error });
  }
}

function contentOf(host: MemoryHost, name: string): Uint8Array | null {
  const storage = host.storages.get(name);
  return storage === undefined || storage.size > CONTENT_SIZE_MAX ? null : storage.toBytes();
}
