import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { ourQemuImg } from '../../tools/our-qemu-img.ts';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());
const FILE = scratch.path('disk.qcow2');

beforeAll(() => {
  scratch.create('disk.qcow2', '100M');
  qemuIo(FILE, ['write 1M 100k', 'write 50M 3M', 'write -z 60M 1M']);
  qemuImg('snapshot', '-c', 'before', FILE);
  qemuIo(FILE, ['write 70M 1M']);
  qemuImg('bitmap', '--add', FILE, 'default');
  qemuImg('bitmap', '--add', '-g', '512', FILE, 'fine');
});

describe('qemu-img measure', () => {
  it.each([
    '',
    '--size 2G FILE',
    'FILE another',
    '--image-opts',
    '-f qcow2',
    '-l before',
    '-o , FILE',
    '-l snapshot.nonsense=1 FILE',
    '-l nonsense FILE',
    '--output nonsense --size 1',
    '--size -1',
    '-O nonsense FILE',
    '-O bochs FILE',
    '--size 1000001',
    '--size 0 -O qcow2',
    '--size 64T -O qcow2',
    '--size 7E -O qcow2',
    '--size 7E -O raw --output json',
    '--size 2P -O qcow2 --output json',
    '--size 1M -O luks',
    '--size 1M -O luks -o key-secret=nobody',
    '--size 1M -O luks -o cipher-alg=nonsense',
    '--size 1M -O qcow2 -o encryption=on',
    '--size 1M -O qcow2 -o encrypt.format=aes',
    '--size 1M -O qcow2 -o encrypt.format=nonsense',
    '--size 1M -O qcow2 -o encrypt.format=luks',
    '--size 1G -O qcow2 -o cluster_size=512',
    '--size 1G -O qcow2 -o cluster_size=2M,refcount_bits=64',
    '--size 1G -O qcow2 -o refcount_bits=1,extended_l2=on',
    '--size 1G -O qcow2 -o compat=0.10',
    '--size 1G -O qcow2 -o compat=5',
    '--size 1G -O qcow2 -o preallocation=full',
    '--size 1G -O qcow2 -o preallocation=metadata',
    '--size 1G -O qcow2 -o preallocation=nonsense',
    '--size 1G -O qcow2 -o cluster_size=1000',
    '--size 1G -O qcow2 -o cluster_size=4k,extended_l2=on',
    '--size 1G -O qcow2 -o nonsense=1',
    '--size 1G -O qcow2 -o backing_file=x',
    '-O qcow2 -o size=3G --size 1G',
    '-O raw FILE',
    '-O qcow2 FILE',
    '-O qcow2 --output json FILE',
    '-O qcow2 -l before FILE',
    '-O qcow2 -l snapshot.name=before FILE',
    '-O qcow2 -l snapshot.id=1,snapshot.name=other FILE',
    '-O qcow2 -o backing_file=x FILE',
    '-O qcow2 -o compat=0.10 FILE',
    '-O qcow2 -o cluster_size=4k FILE',
    '-O qcow2 -o preallocation=falloc FILE',
    '-O qcow2 --image-opts driver=qcow2,file.filename=FILE',
    '--size 1G -O qcow2 --object secret,id=s,data=base -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10',
    '-O qcow2 --object secret,id=s,data=base -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10,cluster_size=512 FILE',
    '--size 1G -O qcow2 --object secret,id=s,data=base -o encrypt.format=luks,encrypt.key-secret=s,encrypt.iter-time=10,encrypt.cipher-alg=aes-128',
    '--size 1G -O qcow2 -o encrypt.format=luks',
    '--size 1G -O qcow2 -o encrypt.format=luks,encrypt.key-secret=absent',
    '--size 1G -O qcow2 --object secret,id=s,data=base -o encrypt.format=aes,encrypt.key-secret=s',
  ])('%s', async (line) => {
    const args = ['measure', ...line.replaceAll('FILE', FILE).split(' ')].filter((arg) => arg !== '');
    expect(await ourQemuImg(...args)).toEqual(qemuImg(...args));
  });

  describe('of a raw file', () => {
    const raw = scratch.path('disk.raw');
    const args = ['measure', '-f', 'raw', '-O', 'qcow2', '--output', 'json', raw];
    beforeAll(() => void qemuImg('convert', '-O', 'raw', FILE, raw));
    afterEach(() => vi.unstubAllEnvs());

    it('counts what is no hole', async () => {
      expect((await ourQemuImg(...args)).stdout).toBe(qemuImg(...args).stdout);
    });

    it('looks at the bytes where nobody can tell the holes', async () => {
      const real = JSON.parse(qemuImg('measure', '-O', 'qcow2', '--output', 'json', FILE).stdout) as object;
      vi.stubEnv('PATH', '/nonexistent');
      expect(JSON.parse((await ourQemuImg(...args)).stdout)).toEqual({ ...real, bitmaps: undefined });
    });
  });
});
