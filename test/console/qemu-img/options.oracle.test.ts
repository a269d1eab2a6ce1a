import { afterAll, describe, expect, it } from 'vitest';
import { ourQemuImg } from '../../tools/our-qemu-img.ts';
import { qemuImg, Scratch } from '../../tools/qemu.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());
const FILE = scratch.path('new.img');

describe('option lists, help and sizes are what they are in qemu-img', () => {
  it.each([
    'create -f qcow2 -o help',
    'create -f raw -o help',
    'create -f luks -o help',
    'create -f qcow2 -o help FILE 1M',
    'create -f raw -o ? FILE',
    'create -f qcow2 -o cluster_size=4k,help FILE 1M',
    'create -f qcow2 -o cluster_size=4k -o help FILE 1M',
    'create -f raw -o backing_file=a,help',
    'create -f qcow2 -o backing_file=a, -o help FILE 1M',
    'create -f qcow2 -o ,help FILE 1M',
    'create -f qcow2 -o ,, FILE 1M',
    'create -f bochs -o help',
    'create -f nonsense -o help',
    'create -f nonsense FILE 1M',
    'create -f qcow2 -o nonsense=1 FILE 1M',
    'create -f qcow2 -o cluster_size FILE 1M',
    'create -f qcow2 -o nolazy_refcounts FILE 1M',
    'create -f qcow2 -u -o backing_file=a,,help -F qcow2 FILE 1M',
    'convert -O qcow2 -o help a FILE',
    'convert -o help',
    'convert -o help a',
    'convert a',
    'convert -C -S 4k a FILE',
    'convert -C -c a FILE',
    'convert -C --salvage a FILE',
    'convert -n -o x a FILE',
    'convert --target-image-opts a FILE',
    'convert --target-is-zero a FILE',
    'convert --skip-broken-bitmaps a FILE',
    'convert -m 0 a FILE',
    'convert -r x a FILE',
    'convert -S 100 a FILE',
    'create -f bochs FILE 1M',
    'create -q -f raw FILE 1.5k',
    'create -q -f raw FILE 1024.0',
    'create -q -f raw FILE 1.5',
    'create -q -f raw FILE .5k',
    'create -q -f raw FILE 1.k',
    'create -q -f raw FILE 1e3',
    'create -q -f raw FILE -- -1k',
    'create -q -f raw FILE 16E',
    'create -f qcow2 -o size=-1 FILE',
    'create -f qcow2 -o size=16E FILE',
    'create',
    'create -f',
    'create -Z',
    'nonsense',
    '--nonsense',
    'bitmap --nonsense',
  ])('%s', async (line) => {
    const args = line.replaceAll('FILE', FILE).split(' ');
    expect(await ourQemuImg(...args)).toEqual(qemuImg(...args));
  });
});
