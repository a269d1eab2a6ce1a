// Conversions beside the real qemu-img's. The console runs in this process too, with and without a pool of codecs.
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fight, type DuelResult } from './duel.ts';
import { MIB, withFolder, writeNoise, writeTypical } from './images.ts';
import { ourQemuImg } from './our-qemu-img.ts';
import { runProgram } from './programs.ts';
import { publish } from './table.ts';

const DATA = 1024 * MIB;
/** Compressing takes QEMU twenty times as long as decompressing. */
const DATA_TO_COMPRESS = 192 * MIB;
const results: DuelResult[] = [];

export default async function run(): Promise<void> {
  for (const { place, parent, toRaw, toQcow2, before } of [
    { place: 'memory', parent: '/dev/shm', toRaw: '≤ 0.85', toQcow2: '≤ 0.95', before: () => undefined },
    // What the runs before have left to be written would be in the way of the next one.
    { place: 'disk', parent: tmpdir(), toRaw: '≤ 0.95', toQcow2: '≤ 0.95', before: () => spawnSync('sync') },
  ]) {
    await withFolder(parent, async (folder) => {
      const path = (name: string) => `${folder}/${name}`;
      writeNoise(path('dense'), DATA);
      runProgram('qemu-img', ['convert', '-O', 'qcow2', path('dense'), path('dense.qcow2')]);
      await duel(`qcow2→raw, 1 GiB, ${place}`, toRaw, ['-O', 'raw', path('dense.qcow2')]);
      await duel(`raw→qcow2, 1 GiB, ${place}`, toQcow2, ['-O', 'qcow2', path('dense')]);
      writeNoise(path('sparse'), DATA / 2, DATA / 2);
      await duel(`raw→qcow2, half of 1 GiB a hole, ${place}`, '≤ 1.35', ['-O', 'qcow2', path('sparse')]);

      async function duel(operation: string, target: string, args: readonly string[]): Promise<void> {
        // Quick, and with the widest noise.
        results.push(await fight({ ...conversion(operation, target, args, path('target')), before, rounds: 25 }));
      }
    });
  }

  await withFolder('/dev/shm', async (folder) => {
    const path = (name: string) => `${folder}/${name}`;
    writeTypical(path('typical'), DATA);
    for (const [compression, one, two] of [
      ['zlib', '≤ 1.0', '≤ 0.8'],
      ['zstd', '≤ 1.4', '≤ 0.9'],
    ] as const) {
      const source = path(`${compression}.qcow2`);
      const options = ['-c', '-O', 'qcow2', '-o', `compression_type=${compression}`];
      runProgram('qemu-img', ['convert', ...options, path('typical'), source]);
      await duel(`from ${compression}, 1 GiB, one thread`, one, ['-O', 'raw', source], ['-m', '1']);
      await duel(`from ${compression}, 1 GiB, a worker a processor`, two, ['-O', 'raw', source]);
    }
    writeTypical(path('typical'), DATA_TO_COMPRESS);
    const compress = ['-c', '-O', 'qcow2', path('typical')];
    await duel('`convert -c`, 192 MiB, one thread', '≤ 0.63', compress, ['-m', '1']);
    await duel('`convert -c`, 192 MiB, a worker a processor', '≤ 0.45', compress);
    runProgram('qemu-img', ['convert', ...compress, path('theirs')]);
    await ourQemuImg('convert', ...compress, path('ours'));
    console.log(`size of ours / QEMU's after convert -c: ${sizeRatio(path('ours'), path('theirs'))}`);

    async function duel(
      operation: string,
      target: string,
      args: readonly string[],
      more: readonly string[] = [],
    ): Promise<void> {
      // What the machine does beside it changes from minute to minute.
      const rounds = args.includes('-c') ? 3 : 9;
      results.push(await fight({ ...conversion(operation, target, args, path('target'), more), rounds }));
    }
  });

  publish('convert', results);
}

function conversion(
  operation: string,
  target: string,
  args: readonly string[],
  file: string,
  more: readonly string[] = [],
) {
  const ours = ['convert', ...more, ...args, file];
  const theirs = ['qemu-img', 'convert', ...args, file];
  // What runs in this process has no pool: the row with one thread is the one that compares.
  const isAlone = more.length > 0 || !args.some((arg) => /zlib|zstd|^-c$/.test(arg));
  return { operation, target, theirs, ours, ...(isAlone && { inProcess: () => ourQemuImg(...ours) }) };
}

function sizeRatio(ours: string, theirs: string): string {
  return (statSync(ours).size / statSync(theirs).size).toFixed(4);
}
