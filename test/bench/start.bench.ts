// What a command takes that does next to nothing.
import { resolve } from 'node:path';
import { fight, type DuelResult } from './duel.ts';
import { createQcow2, withFolder } from './images.ts';
import { publish } from './table.ts';

const NODE = process.execPath;
const results: DuelResult[] = [];
export default async function run(): Promise<void> {
  await withFolder('/dev/shm', async (folder) => {
    const file = createQcow2(`${folder}/image.qcow2`, '64M', 'cluster_size=64k');
    const bare = { theirs: [NODE, '-e', '0'], target: 'near 1', rounds: 15 };
    const own = (program: string, args: readonly string[]) => ({
      program: NODE,
      ours: [resolve('dist/cli', program), ...args],
    });
    results.push(
      await fight({
        operation: '`qemu-img --version`, against `node -e 0`',
        ...bare,
        ...own('qemu-img', ['--version']),
      }),
      await fight({ operation: '`qemu-img info`, against `node -e 0`', ...bare, ...own('qemu-img', ['info', file]) }),
      await fight({
        operation: '`qemu-img info`',
        target: 'no goal',
        theirs: ['qemu-img', 'info', file],
        ours: ['info', file],
        rounds: 15,
      }),
    );
  });
  publish('start', results);
}
