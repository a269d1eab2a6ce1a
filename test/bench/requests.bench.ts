// Single requests: the engine beside `qemu-img bench -d 1`, which does the same ones in the same order.
import { closeImage, openImage, readAt, writeAt, type Image } from '#engine';
import { NodeStorage } from '#node';
import { fight, type DuelResult } from './duel.ts';
import { createFull, createQcow2, MIB, withFolder } from './images.ts';
import { publish } from './table.ts';

const results: DuelResult[] = [];

export default async function run(): Promise<void> {
  await withFolder('/dev/shm', async (folder) => {
    const file = `${folder}/image.qcow2`;
    for (const [size, bytes] of [
      ['64 GiB', 64 * 1024 * MIB],
      ['1 TiB', 1024 * 1024 * MIB],
    ] as const) {
      await createFull(file, String(bytes));
      const requests = { count: 100_000, length: 4096, step: stepFor(bytes) };
      results.push(
        await fight({
          operation: `reading 4K here and there, ${size}, ${requests.count} times`,
          target: '≤ 0.12',
          theirs: benchCommand(file, requests, []),
          theirTime: benchTime,
          inProcess: () => timed(file, requests, readAt),
        }),
      );
    }
    for (const [length, target] of [
      [4096, '≤ 0.12'],
      [65536, '≤ 0.35'],
    ] as const) {
      const requests = { count: 10_000, length, step: 65536 };
      results.push(
        await fight({
          operation: `allocating write, writeback, ${length / 1024}K, ${requests.count} times`,
          target,
          before: () => createQcow2(file, '64G', 'cluster_size=64k'),
          theirs: benchCommand(file, requests, ['-w', '-t', 'writeback']),
          theirTime: benchTime,
          inProcess: () => timed(file, requests, writeAt),
        }),
      );
    }
  });
  publish('requests', results);
}

interface Requests {
  readonly count: number;
  readonly length: number;
  readonly step: number;
}

/** `qemu-img bench` takes no longer step. */
const STEP_MAX = 2 ** 31 - 1;

/** A step that comes by everywhere in no order that a cache could know: a golden part of the disk, odd in sectors. */
function stepFor(size: number): number {
  return (Math.floor((Math.min(size, STEP_MAX) * 0.6180339887) / 4096) | 1) * 4096;
}

function benchCommand(file: string, { count, length, step }: Requests, options: readonly string[]): string[] {
  return [
    ...['qemu-img', 'bench', '-f', 'qcow2', '-d', '1', '-c', String(count)],
    ...['-s', String(length), '-S', String(step), ...options, file],
  ];
}

/** Milliseconds, from what `qemu-img bench` prints. */
function benchTime(stdout: string): number {
  const match = /Run completed in ([\d.]+) seconds/.exec(stdout);
  if (match === null) throw new Error(`qemu-img bench printed no time: ${stdout}`);
  return Number(match[1]) * 1000;
}

function timed(
  file: string,
  { count, length, step }: Requests,
  request: (image: Image, at: number, bytes: Uint8Array) => void,
): number {
  const isWrite = request === writeAt;
  const storage = new NodeStorage(file, isWrite ? 'write' : 'read');
  const image = openImage(storage, { writable: isWrite, cacheMode: 'writeback' });
  const bytes = new Uint8Array(length).fill(isWrite ? 1 : 0);
  const start = performance.now();
  for (let index = 0, at = 0; index < count; index++) {
    request(image, at, bytes);
    at += step;
    if (image.virtualSize <= at) at %= image.virtualSize;
  }
  const time = performance.now() - start;
  closeImage(image);
  storage.close();
  return time;
}
