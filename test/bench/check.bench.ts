// Our check beside the real qemu-img's: metadata preallocated, so that every table is full.

import { checkImage, drain } from '#engine';
import { NodeStorage } from '#node';
import { fight, type DuelResult } from './duel.ts';
import { createFull, withFolder } from './images.ts';
import { shuffleL2 } from './shuffle.ts';
import { publish } from './table.ts';

const results: DuelResult[] = [];
export default async function run(): Promise<void> {
  await withFolder('/dev/shm', async (folder) => {
    const file = `${folder}/image.qcow2`;
    const checks = { ours: ['check', file], inProcess: () => checkFile(file) };
    await createFull(file, '1T');
    const target64k = '≤ 0.15 in process, ≤ 0.30 program';
    results.push(
      await fight({
        operation: 'check, 1 TiB, 64K clusters',
        target: target64k,
        theirs: ['qemu-img', 'check', file],
        ...checks,
      }),
    );
    await createFull(file, '64G', '4k');
    results.push(
      await fight({
        operation: 'check, 64 GiB, 4K clusters',
        target: '≤ 0.06 in process',
        theirs: ['qemu-img', 'check', file],
        ...checks,
      }),
    );
    await createFull(file, '64G');
    shuffleL2(new NodeStorage(file, 'write'));
    results.push(
      await fight({
        operation: 'check, 64 GiB shuffled',
        target: '≤ 0.01',
        theirs: ['qemu-img', 'check', file],
        ...checks,
        rounds: 3,
      }),
    );
    const options = `driver=qcow2,file.filename=${file},refcount-cache-size=4M`;
    results.push(
      await fight({
        operation: 'check, 64 GiB shuffled, against `refcount-cache-size=4M`',
        target: '≤ 0.5',
        theirs: ['qemu-img', 'check', '--image-opts', options],
        ...checks,
      }),
    );
  });
  publish('check', results);
}

function checkFile(file: string): void {
  const storage = new NodeStorage(file, 'read');
  const { counters } = drain(checkImage(storage));
  storage.close();
  if (counters.corruptions + counters.leaks > 0) throw new Error('The image is not sound.');
}
