// Map and compare beside the real qemu-img's.
import { NodeStorage } from '#node';
import { fight, type DuelResult } from './duel.ts';
import { createFull, MIB, withFolder, writeNoise } from './images.ts';
import { ourQemuImg } from './our-qemu-img.ts';
import { runProgram } from './programs.ts';
import { shuffleL2 } from './shuffle.ts';
import { publish } from './table.ts';

const results: DuelResult[] = [];

export default async function run(): Promise<void> {
  await withFolder('/dev/shm', async (folder) => {
    const path = (name: string) => `${folder}/${name}`;
    await createFull(path('full'), '1T');
    await duel('map, 1 TiB in sequence', '≤ 0.26', ['map', '--output=json', path('full')]);
    await createFull(path('full'), '64G');
    shuffleL2(new NodeStorage(path('full'), 'write'));
    await duel('map, 64 GiB shuffled', '≤ 0.42', ['map', '--output=json', path('full')]);

    writeNoise(path('raw'), 512 * MIB, 512 * MIB);
    runProgram('qemu-img', ['convert', '-O', 'qcow2', path('raw'), path('a')]);
    runProgram('qemu-img', ['convert', '-O', 'qcow2', path('raw'), path('b')]);
    await duel('compare, qcow2 with qcow2, 512 MiB of 1 GiB', '≤ 0.8', ['compare', path('a'), path('b')]);
    await duel('compare, qcow2 with sparse raw', '≤ 1.4', [
      'compare',
      '-f',
      'qcow2',
      '-F',
      'raw',
      path('a'),
      path('raw'),
    ]);

    async function duel(operation: string, target: string, args: readonly string[]): Promise<void> {
      const ours = { ours: args, inProcess: () => ourQemuImg(...args) };
      results.push(await fight({ operation, target, theirs: ['qemu-img', ...args], ...ours, rounds: 3 }));
    }
  });
  publish('map', results);
}
