import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ourQemuImg } from '../../tools/our-qemu-img.ts';
import { qemuImg, Scratch } from '../../tools/qemu.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());
const FILE = scratch.path('disk.qcow2');
beforeAll(() => scratch.create('disk.qcow2', '100M'));

/** The time that a run took is nobody's to repeat. */
function withoutTime(text: string): string {
  return text.replace(/Run completed in \d+\.\d{3} seconds/, 'Run completed');
}

describe('qemu-img bench', () => {
  it.each([
    '-c 0 FILE',
    '-c 5 -q FILE',
    '-c 3 -s 0 FILE',
    '-c 3 -o 200M FILE',
    '-c 2 -o 99M -s 2M FILE',
    '-c 010 -d 3 FILE',
    '-c 0x10 -S 1M -s 64k FILE',
    '-w --pattern 7 -c 20 -S 8k --no-drain --flush-interval 64 FILE',
    '-w -c 10 -d 2 --flush-interval 5 FILE',
    '--flush-interval 5 FILE',
    '-w --flush-interval 5 -d 10 FILE',
    '-s 3G FILE',
    '-c -1 FILE',
    '-d nonsense FILE',
    '--pattern 256 FILE',
    '-t nonsense FILE',
    '-i nonsense FILE',
    '-n FILE',
    '-n FILE.none',
    '-c 2 -n --image-opts driver=null-co,size=1M',
    '-c 2 -n --image-opts driver=qcow2,file.filename=FILE,file.aio=threads',
    '',
    'FILE another',
    'FILE.none',
  ])('%s', async (line) => {
    const args = ['bench', ...line.replaceAll('FILE', FILE).split(' ')].filter((arg) => arg !== '');
    const [ours, theirs] = [await ourQemuImg(...args), qemuImg(...args)];
    expect({ ...ours, stdout: withoutTime(ours.stdout) }).toEqual({ ...theirs, stdout: withoutTime(theirs.stdout) });
  });

  it('writes what it says', async () => {
    const [a, b] = [scratch.create('a.qcow2', '1M'), scratch.create('b.qcow2', '1M')];
    const args = ['bench', '-w', '--pattern', '9', '-c', '30', '-S', '48k', '-s', '4k'];
    await ourQemuImg(...args, a);
    qemuImg(...args, b);
    expect(qemuImg('compare', a, b)).toMatchObject({ code: 0 });
  });
});
