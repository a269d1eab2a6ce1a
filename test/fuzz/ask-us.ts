import { MemoryHost } from '../console/memory-host.ts';
import { Violation } from './exercise.ts';
import { QUESTIONS, questionsFor, type Answer, type Answers, type Question } from './questions.ts';
import { BACKING_FILE, backingBytes } from './sound-image.ts';

const BACKING = backingBytes();
/** Of a longer file no copy is made. */
const FILE_SIZE_MAX = 256 * 1024 * 1024;

/** Asks our own qemu-img, in this process and over files in memory. */
export async function askUs(bytes: Uint8Array, seed: number): Promise<Answers> {
  const host = new MemoryHost();
  host.addFile('image.qcow2', bytes);
  host.addFile('repaired.qcow2', bytes);
  host.addFile(BACKING_FILE, BACKING);
  const said: Partial<Record<Question, Answer>> = {};
  for (const question of questionsFor(bytes, seed)) {
    try {
      said[question] = await host.qemuImg(...QUESTIONS[question]);
    } catch (error) {
      throw new Violation(`qemu-img ${question}`, error instanceof Error ? (error.stack ?? '') : String(error), {
        cause: error,
      });
    }
  }
  return {
    said,
    disk: said.convert?.code === 0 ? contentOf(host, 'disk.raw') : null,
    repaired: contentOf(host, 'repaired.qcow2'),
  };
}

function contentOf(host: MemoryHost, name: string): Uint8Array | null {
  const storage = host.storages.get(name);
  return storage === undefined || storage.size > FILE_SIZE_MAX ? null : storage.toBytes();
}
