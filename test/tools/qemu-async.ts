import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';

// For tests that ask QEMU so often that its answers should come side by side; `qemu.ts` is the plain way.

export interface ProgramResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the real qemu-img; a failing command is a result, a missing program an error. */
export function qemuImg(...args: string[]): Promise<ProgramResult> {
  return run('qemu-img', args);
}

/** Runs the real qemu-io. */
export function qemuIo(...args: string[]): Promise<ProgramResult> {
  return run('qemu-io', args);
}

function run(program: string, args: string[]): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code === 'string') reject(error);
      else resolve({ exitCode: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** An empty folder that is removed when the process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'qcow2-workbench-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Runs `work` for all items, as many at once as there are processors; results in the items' order. */
export async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}
