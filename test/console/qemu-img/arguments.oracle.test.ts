import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FolderHost } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());
beforeEach(() => {
  host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'a', '1M');
  host.real('qemu-img', 'create', '-q', '-f', 'qcow2', '-b', 'a', '-F', 'qcow2', 'over');
});

async function expectSame(line: string): Promise<void> {
  const args = line.split(' ');
  expect(await host.qemuImg(...args)).toEqual(host.real('qemu-img', ...args));
}

describe('an option that is wrong is named as by the C library', () => {
  it.each([
    'check -zq a',
    'check a -zq',
    'check -f raw -zq a',
    'check -q -zq',
    'check -qz a',
    'info --image=3 a',
    'info --image-opts=3 a',
    'convert --target-i a',
    'convert -qf',
    'map --start',
    'resize -5k 1M',
    'resize -5 1M',
    'bench --object secret,id=s,data=x a',
    'create --image-opts a 1M',
    '- a',
    '-z a',
    '-- snapshot a a',
    '--',
    'constructor',
  ])('%s', expectSame);

  it.each(['--size', '--o', '-z', '-zO', '-O', '--nonsense=1'])(
    'by itself for measure, which prints the help then: %s',
    async (option) => {
      const [ours, theirs] = [await host.qemuImg('measure', option), host.real('qemu-img', 'measure', option)];
      expect([ours.stderr, ours.code]).toEqual([theirs.stderr, theirs.code]);
      expect(ours.stdout).toContain('usage: qemu-img');
    },
  );
});

describe('of several things that are wrong the first is told', () => {
  it.each([
    'amend -o , -z a',
    'amend -z -o , a',
    'create -f qcow2 -o , -z b',
    'create --object nonsense -z b',
    'create -z --object nonsense b',
    'bitmap --add -g x -z a b',
    'snapshot -l -a x -z a',
    'snapshot -z -l -a x a',
    'map -l x missing',
    'map --output=xml -s x a',
    'map --output=xml',
    'measure --output=xml --size x',
    'measure --size x --output=xml',
    'bench -c x -d x a',
    'bench -d x -c x a',
    'bench -t x -i x a',
    'bench -i x -t x a',
    'dd if=a of=b skip=x count=x',
    'dd if=a of=b count=x skip=x',
    'dd skip=x nonsense=1',
    'resize --preallocation=metadata a 512k',
    'resize --preallocation=metadata --shrink a 512k',
    'bitmap --add -g 256 -f raw over b',
    'bitmap --merge nonsense -b over -F raw a b',
    'convert -l snapshot.nonsense=1 -m 0 a b',
    'convert -m 0 -l snapshot.nonsense=1 a b',
    'convert -B missing missing b',
    'convert -B missing a b',
    'convert -l missing -O nonsense a b',
    'convert -O nonsense missing b',
    'convert -O bochs missing b',
    'convert -c -O luks missing b',
    'convert -c -o preallocation=metadata -O qcow2 missing b',
    'convert -c -o encryption=on -O qcow2 missing b',
    'convert -O qcow2 -o cluster_size=x -B a a b',
    'convert a over -B over b',
    'convert -O qcow2 a over -B over b',
  ])('%s', expectSame);
});

describe('progress begins and ends with its line', () => {
  it.each([
    'amend -p -o compat=1.1 missing',
    'amend -p -o compat=1.1',
    'amend -p -o nonsense=1 a',
    'amend -p -o compat=0.42 a',
    'amend -p -t nonsense -o compat=1.1 a',
    'amend -p -q -o compat=1.1 missing',
    'amend -p -f raw -o compat=1.1 a',
    'amend -p -o lazy_refcounts=on a',
    'rebase -p -t x -b a over',
    'rebase -p -b missing -F raw over',
    'rebase -p -u -b a over',
    'rebase -p -u -b a -F qcow2 over',
    'compare -p a missing',
    'compare -p -T x a over',
    'compare -p a over',
    'convert -p -O nonsense a b',
    'convert -p -c -O raw missing b',
    'convert -p missing b',
    'convert -p a',
  ])('%s', expectSame);
});
