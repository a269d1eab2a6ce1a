// Our check beside the real qemu-img's on the same files: metadata preallocated, so that every table is full.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkImage, drain } from '#engine';
import { NodeStorage } from '#node';
import { qemuImg } from '../tools/qemu.ts';
import { measure } from './measure.ts';

const ROUNDS = 5;

const folder = mkdtempSync(join(tmpdir(), 'qcow2-workbench-bench-'));
try {
  for (const [title, size, clusterSize] of [
    ['1 TiB in clusters of 64 KiB', '1T', '64k'],
    ['64 GiB in clusters of 4 KiB', '64G', '4k'],
  ] as const) {
    const file = join(folder, `${clusterSize}.qcow2`);
    const options = `preallocation=metadata,cluster_size=${clusterSize}`;
    const { code, stderr } = qemuImg('create', '-q', '-f', 'qcow2', '-o', options, file, size);
    if (code !== 0) throw new Error(stderr);
    const [theirs, ours] = measure(
      { 'qemu-img check': () => void qemuImg('check', file), 'checkImage (in process)': () => void checkFile(file) },
      ROUNDS,
    );
    console.log(`\ncheck, ${title}`);
    for (const { name, median } of [theirs!, ours!]) {
      console.log(`  ${name.padEnd(24)} ${median.toFixed(0).padStart(6)} ms  ${(median / theirs!.median).toFixed(3)}`);
    }
    rmSync(file);
  }
} finally {
  rmSync(folder, { recursive: true });
}

function checkFile(file: string): void {
  const storage = new NodeStorage(file, 'read');
  const { counters } = drain(checkImage(storage));
  storage.close();
  if (counters.corruptions + counters.leaks > 0) throw new Error('The image is not sound.');
}
