import { existsSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pattern } from '../../engine/storage/contract.ts';
import { FolderHost } from '../folder-host.ts';

// File systems differ in what they tell of files: one on a disk, one in memory.
const FOLDERS = [tmpdir(), '/dev/shm'].filter((folder) => existsSync(folder));

const RAW = [
  'off.raw',
  'falloc.raw',
  'full.raw',
  'scattered.raw',
  'hole.raw',
  'empty.raw',
  'odd.raw',
  'odd-hole.raw',
] as const;
const QCOW2 = ['over.qcow2', 'metadata.qcow2', 'falloc.qcow2', 'data-file.qcow2', 'small-clusters.qcow2'] as const;
const FILES = [...RAW, ...QCOW2];

function formatOf(name: string): string {
  return name.slice(name.lastIndexOf('.') + 1);
}

describe.each(FOLDERS)('sparse files in %s', (parent) => {
  const host = new FolderHost(parent);
  afterAll(() => host.remove());

  function spaceOf(name: string): number {
    return statSync(host.path(name)).blocks * 512;
  }

  function realIo(name: string, ...commands: string[]): void {
    const ran = host.real('qemu-io', '-f', formatOf(name), ...commands.flatMap((command) => ['-c', command]), name);
    expect(ran.stderr).toBe('');
  }

  function create(name: string, size: string, options = 'preallocation=off'): void {
    const ran = host.real('qemu-img', 'create', '-q', '-f', formatOf(name), '-o', options, name, size);
    expect(ran.stderr).toBe('');
  }

  beforeAll(() => {
    for (const mode of ['off', 'falloc', 'full']) {
      create(`${mode}.raw`, '3M', `preallocation=${mode}`);
      realIo(`${mode}.raw`, 'write -P 1 1M 64k');
    }
    create('scattered.raw', '20M');
    realIo('scattered.raw', 'write -P 1 10k 10k', 'write -P 2 5M 1M', 'write -P 0 8M 1M', 'write -P 3 19M 1M');
    realIo('scattered.raw', 'discard 5500k 100k');
    writeFileSync(host.path('empty.raw'), '');
    writeFileSync(host.path('hole.raw'), '');
    truncateSync(host.path('hole.raw'), 1024 * 1024);
    // Ends that are no whole sector, in data and in a hole.
    writeFileSync(host.path('odd.raw'), pattern(5100));
    writeFileSync(host.path('odd-hole.raw'), pattern(5000));
    truncateSync(host.path('odd-hole.raw'), 10_700);
    create('over.qcow2', '30M', 'backing_file=scattered.raw,backing_fmt=raw');
    create('metadata.qcow2', '10M', 'preallocation=metadata');
    create('falloc.qcow2', '10M', 'preallocation=falloc');
    create('data-file.qcow2', '10M', 'preallocation=metadata,data_file=data.bin');
    create('small-clusters.qcow2', '10M', 'preallocation=metadata,cluster_size=4k');
    for (const name of QCOW2) realIo(name, 'write -P 5 1M 200k', 'write -z 3M 128k');
  });

  it.each(
    FILES.flatMap((name) => [
      `map ${name}`,
      `map --output=json ${name}`,
      `map --output=json -s 3000 -l 2M ${name}`,
      `measure -O qcow2 ${name}`,
      `measure -O qcow2 -o cluster_size=4k ${name}`,
    ]),
  )('qemu-img %s', async (line) => {
    const [command, ...args] = line.split(' ');
    const whole = [command!, '-f', formatOf(line), ...args];
    expect(await host.qemuImg(...whole)).toEqual(host.real('qemu-img', ...whole));
  });

  it.each(FILES)('qemu-io map and alloc of %s', async (name) => {
    const args = ['-r', '-f', formatOf(name), name];
    const real = host.real('qemu-io', '-c', 'map', '-c', 'alloc 0 1M', ...args);
    expect(await host.qemuIo(['map', 'alloc 0 1M'], ...args)).toEqual(real);
  });

  it.each(FILES)('qemu-img compare of %s with each other', async (name) => {
    for (const other of FILES) {
      for (const options of [[], ['-s']]) {
        const args = ['compare', ...options, '-f', formatOf(name), '-F', formatOf(other), name, other];
        expect({ args, ...(await host.qemuImg(...args)) }).toEqual({ args, ...host.real('qemu-img', ...args) });
      }
    }
  });

  it.each(FILES.flatMap((name) => ['-O raw', '-O raw -S 0', '-O raw -S 64k'].map((options) => ({ name, options }))))(
    'qemu-img convert $options of $name takes the same space',
    async ({ name, options }) => {
      const args = ['convert', '-f', formatOf(name), ...options.split(' '), name];
      expect(host.real('qemu-img', ...args, 'real.raw').stderr).toBe('');
      expect(await host.qemuImg(...args, 'ours.raw')).toEqual({ code: 0, stdout: '', stderr: '' });
      const map = (target: string) => host.real('qemu-img', 'map', '--output=json', '-f', 'raw', target).stdout;
      expect(map('ours.raw')).toBe(map('real.raw'));
      expect(spaceOf('ours.raw')).toBe(spaceOf('real.raw'));
      const compared = host.real('qemu-img', 'compare', '-f', 'raw', '-F', 'raw', 'real.raw', 'ours.raw');
      expect(compared.stdout).toBe('Images are identical.\n');
    },
  );

  it.each(RAW)('qemu-img convert -p of %s counts what is no hole', async (name) => {
    const args = ['convert', '-p', '-f', 'raw', '-O', 'qcow2', name, 'target.qcow2'];
    const percentages = ({ stdout }: { readonly stdout: string }) => stdout.split('\r');
    expect(percentages(await host.qemuImg(...args))).toEqual(percentages(host.real('qemu-img', ...args)));
  });

  it.each([
    ...['0', '512', '1000', '4096', '10M'].flatMap((size) => [`create -q -f raw FILE ${size}`]),
    'create -q -f raw -o preallocation=falloc FILE 10M',
    'create -q -f raw -o preallocation=full FILE 10M',
    'create -q -f raw -o preallocation=falloc FILE 5000',
  ])('qemu-img %s takes the space that it takes in QEMU', async (line) => {
    await takesTheSame(line.split(' '));
  });

  it.each(['10M', '--preallocation=falloc 10M', '--preallocation=full 10M'])(
    'qemu-img resize of nothing, and of something, to %s takes the space that it takes in QEMU',
    async (size) => {
      for (const before of ['0', '1M']) {
        for (const name of ['real.raw', 'ours.raw']) create(name, before);
        await takesTheSame([
          'resize',
          '-q',
          '-f',
          'raw',
          ...size.split(' ').slice(0, -1),
          'FILE',
          size.split(' ').at(-1)!,
        ]);
      }
    },
  );

  async function takesTheSame(args: readonly string[]): Promise<void> {
    const of = (name: string) => args.map((word) => (word === 'FILE' ? name : word));
    expect(await host.qemuImg(...of('ours.raw'))).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(host.real('qemu-img', ...of('real.raw'))).toEqual({ code: 0, stdout: '', stderr: '' });
    const map = (name: string) => host.real('qemu-img', 'map', '--output=json', '-f', 'raw', name).stdout;
    expect({ map: map('ours.raw'), space: spaceOf('ours.raw') }).toEqual({
      map: map('real.raw'),
      space: spaceOf('real.raw'),
    });
  }

  it.each([
    { format: 'raw', discards: ['discard 1M 2M'] },
    { format: 'raw', discards: ['write -z -u 1M 2M', 'write -P 7 2M 64k'] },
    { format: 'raw', discards: ['discard 0 4M', 'write -P 7 1000 500'] },
    { format: 'qcow2', discards: ['discard 1M 2M'] },
    { format: 'qcow2', discards: ['discard 1M 2M', 'flush', 'write -P 7 3M 64k', 'discard 0 64k'] },
    { format: 'qcow2', discards: ['write -z -u 0 4M'] },
  ])('qemu-io $discards give space of $format back as QEMU does', async ({ format, discards }) => {
    const freed: number[] = [];
    for (const name of [`real.${format}`, `ours.${format}`]) {
      create(name, '4M');
      realIo(name, 'write -P 1 0 4M');
      const before = spaceOf(name);
      if (name.startsWith('real')) realIo(name, ...discards);
      else expect((await host.qemuIo(discards, '-f', format, name)).stderr).toBe('');
      freed.push(before - spaceOf(name));
    }
    // The file system may take blocks of its own to list the parts of a file; the least discard here frees far more.
    expect(Math.abs(freed[1]! - freed[0]!)).toBeLessThanOrEqual(2 * 4096);
    const compared = host.real('qemu-img', 'compare', `real.${format}`, `ours.${format}`);
    expect(compared.stdout).toBe('Images are identical.\n');
  });

  it('a qcow2 disk that is shrunk gives its space back', async () => {
    for (const name of ['real.qcow2', 'ours.qcow2']) {
      create(name, '64M');
      realIo(name, 'write -P 1 32M 16M', 'write -P 2 0 1M');
    }
    const args = (name: string) => ['resize', '-q', '--shrink', name, '8M'];
    expect(host.real('qemu-img', ...args('real.qcow2')).stderr).toBe('');
    expect((await host.qemuImg(...args('ours.qcow2'))).stderr).toBe('');
    expect(Math.abs(spaceOf('ours.qcow2') - spaceOf('real.qcow2'))).toBeLessThan(256 * 1024);
    expect(spaceOf('ours.qcow2')).toBeLessThan(2 * 1024 * 1024);
  });

  it('clusters that were written in part are data as a whole', async () => {
    const commands = Array.from({ length: 20 }, (_, index) => `write -P 3 ${index * 300 + 100}k 4k`);
    for (const name of ['real.qcow2', 'ours.qcow2']) create(name, '10M');
    realIo('real.qcow2', ...commands);
    expect((await host.qemuIo(commands, '-f', 'qcow2', 'ours.qcow2')).stderr).toBe('');
    const map = (name: string) => ['map', '--output=json', name];
    expect(await host.qemuImg(...map('ours.qcow2'))).toEqual(host.real('qemu-img', ...map('real.qcow2')));
  });

  it('preallocation by falloc takes all of the space, and is not written', async () => {
    const args = ['create', '-q', '-f', 'qcow2', '-o', 'preallocation=falloc', 'ours.qcow2', '64M'];
    expect((await host.qemuImg(...args)).stderr).toBe('');
    expect(spaceOf('ours.qcow2')).toBeGreaterThan(64 * 1024 * 1024);
    expect(host.real('qemu-img', 'check', 'ours.qcow2').stdout).toContain('No errors were found');
    expect(await host.qemuImg('map', '--output=json', 'ours.qcow2')).toEqual(
      host.real('qemu-img', 'map', '--output=json', 'ours.qcow2'),
    );
  });
});
