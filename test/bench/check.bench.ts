import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, bench, describe } from 'vitest';
import { checkImage, drain } from '#engine';
import { NodeStorage } from '#node';
import { qemuImg } from '../tools/qemu.ts';

// `npx vitest bench --project oracle test/bench/check` compares with the real qemu-img on the same files in the same run.

const folder = mkdtempSync(join(tmpdir(), 'qcow2-bench-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const OPTIONS = { iterations: 5, warmupIterations: 1, time: 0, warmupTime: 0 };

describe.each([
  ['1 TiB in 64 KiB clusters', '1T', '64k'],
  ['64 GiB in 4 KiB clusters', '64G', '4k'],
])('check %s, metadata preallocated', (_, size, clusterSize) => {
  const file = join(folder, `${clusterSize}.qcow2`);
  const options = `preallocation=metadata,cluster_size=${clusterSize}`;
  const { code, stderr } = qemuImg('create', '-q', '-f', 'qcow2', '-o', options, file, size);
  if (code !== 0) throw new Error(stderr);

  bench(
    'ours, in process',
    () => {
      const storage = new NodeStorage(file, 'read');
      drain(checkImage(storage));
      storage.close();
    },
    OPTIONS,
  );
  bench('qemu-img check', () => void qemuImg('check', file), OPTIONS);
});
