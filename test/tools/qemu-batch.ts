import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import type { Ran } from './qemu.ts';

/** Runs the real `qemu-img` beside others; a failing command is a result, a missing program an error. */
export function startQemuImg(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    execFile('qemu-img', args, { maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error);
      else resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** Does `work` for all items, as many at once as there are processors; results in the items' order. */
export async function inParallel<T, R>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const workOff = async () => {
    while (next < items.length) {
      const index = next++;
      results[index] = await work(items[index]!, index);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, workOff));
  return results;
}
