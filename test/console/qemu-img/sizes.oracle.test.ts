import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FolderHost, withoutTimes } from '../folder-host.ts';

const [ours, theirs] = [new FolderHost(), new FolderHost()];
afterAll(() => [ours, theirs].forEach((host) => host.remove()));
beforeEach(() => {
  for (const host of [ours, theirs]) host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'a', '1M');
});

const INT64_MAX = '9223372036854775807';
const SIZES = [INT64_MAX, '9223372036854775808', '18446744073709551615', '18446744073709551616', '8E', '16E'];

describe('sizes at the end of what 64 bits hold', () => {
  it.each(SIZES)('%s', async (size) => {
    const lines = [
      ['create', '-f', 'qcow2', 'new', size],
      ['create', '-f', 'qcow2', '-o', `size=${size}`, 'new'],
      ['create', '-f', 'qcow2', '-o', `cluster_size=${size}`, 'new', '1M'],
      ['create', '-f', 'raw', '-o', `extent_size_hint=${size}`, 'new', '1M'],
      ['create', '-f', 'raw', 'new-raw', size],
      ['create', '-f', 'raw', '-o', `size=${size}`, 'new-raw'],
      ['resize', 'a', size],
      ['resize', 'a', `+${size}`],
      ['resize', '--shrink', 'a', `-${size}`],
      ['measure', '-O', 'qcow2', '--size', size],
      ['dd', `bs=${size}`, 'if=a', 'of=new'],
      ['dd', `skip=${size}`, 'if=a', 'of=new'],
      ['map', `--start-offset=${size}`, 'a'],
      ['map', `--max-length=${size}`, 'a'],
      ['bitmap', '--add', '-g', size, 'a', 'b'],
      ['convert', '-S', size, 'a', 'new'],
      ['bench', '-c', '1', '-s', size, 'a'],
    ];
    for (const args of lines) {
      const said = await ours.qemuImg(...args);
      expect(withoutTimes(said), args.join(' ')).toEqual(withoutTimes(theirs.real('qemu-img', ...args)));
    }
  });

  it.each(['0', '1', '511', '512', '4G', '4294967808', '2147483648'])(
    'granularity of a bitmap: the lower 32 bits of %s',
    async (granularity) => {
      const args = ['bitmap', '--add', '-g', granularity, 'a', 'b'];
      expect(await ours.qemuImg(...args)).toEqual(theirs.real('qemu-img', ...args));
      const bitmaps = (host: FolderHost) => host.real('qemu-img', 'info', '--output=json', 'a').stdout;
      expect(granularityIn(bitmaps(ours))).toBe(granularityIn(bitmaps(theirs)));
    },
  );
});

function granularityIn(info: string): string | null {
  return /"granularity": (\d+)/.exec(info)?.[1] ?? null;
}

describe('sizes that no file can have', () => {
  const secret = ['--object', 'secret,id=s,data=hush'];

  it.each([
    ['create', '-q', '-f', 'raw', 'new', '7E'],
    ['create', '-q', '-f', 'raw', 'new', '9P'],
    ['create', '-q', '-f', 'qcow2', 'new', '7E'],
    ['create', '-q', '-f', 'luks', ...secret, '-o', 'key-secret=s,iter-time=10', 'new', '7E'],
    ['resize', '-f', 'raw', 'raw', '7E'],
  ])('%s %s %s %s %s %s', async (...args: string[]) => {
    for (const host of [ours, theirs]) host.real('qemu-img', 'create', '-q', '-f', 'raw', 'raw', '1M');
    const theirRun = theirs.real('qemu-img', ...args);
    // On a busy machine QEMU may fail to measure how fast it derives keys.
    if (theirRun.stderr.includes('CPU usage')) return;
    expect(await ours.qemuImg(...args)).toEqual(theirRun);
  });
});
