import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readHead } from '#engine';
import { loadBits } from '../../../src/engine/bitmaps/load-bits.ts';
import { ourQemuImg } from '../../tools/our-qemu-img.ts';
import { qemuImg, qemuIo, Scratch, type Ran } from '../../tools/qemu.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const IMAGES = ['top.qcow2', 'base.qcow2', 'old.qcow2', 'raw.img', 'crashed.qcow2', 'larger.qcow2'];

/** Images with bitmaps in every state, made by QEMU. */
function makeImages(): void {
  const base = scratch.create('base.qcow2', '10M');
  qemuImg('bitmap', '--add', base, 'b0');
  qemuIo(base, ['write 3M 1M']);
  const top = scratch.create('top.qcow2', '10M', '', '-b', base, '-F', 'qcow2');
  qemuImg('bitmap', '--add', '-g', '512k', top, 'b1');
  qemuIo(top, ['write 1M 1M']);
  qemuImg('bitmap', '--add', '--disable', top, 'b2');
  const crashed = scratch.path('crashed.qcow2');
  copyFileSync(base, crashed);
  qemuIo(crashed, ['write 0 512', 'sigraise 9']);
  qemuImg('bitmap', '--add', crashed, 'fine');
  scratch.create('old.qcow2', '10M', 'compat=0.10');
  scratch.create('larger.qcow2', '20M');
  qemuImg('create', '-q', '-f', 'raw', scratch.path('raw.img'), '1M');
}

makeImages();

/** Names, flags and bits of all bitmaps of an image. */
function bitmapsOf(file: string): unknown[] {
  const storage = scratch.load(file);
  const head = readHead(storage, { writable: false });
  const disk = { virtualSize: head.header.virtualSize, clusterSize: head.geometry.clusterSize };
  return head.bitmaps.map((entry) => {
    const bits = (entry.flags & 1) !== 0 ? [] : [...loadBits(storage, entry, disk).runs()];
    return [entry.name, entry.flags, entry.granularityBits, bits];
  });
}

/** Runs lines on copies of the images; names of files and nodes differ between the two, and are taken out. */
async function outcomeOf(folder: string, lines: readonly string[], run: (...args: string[]) => Ran | Promise<Ran>) {
  const there = (name: string) => join(scratch.path(folder), name);
  mkdirSync(there(''), { recursive: true });
  for (const name of IMAGES) copyFileSync(scratch.path(name), there(name));
  const said: unknown[] = [];
  for (const line of lines) {
    const args = line.split(' ').map((arg) => arg.replaceAll(/[a-z]+\.(qcow2|img)/g, there));
    const { code, stdout, stderr } = await run(...args);
    said.push([code, stdout, stderr.replaceAll(/#block\d+/g, 'NODE').replaceAll(`${there('')}/`, '')]);
  }
  const named = IMAGES.filter((name) => name.endsWith('.qcow2') && lines.some((line) => line.includes(name)));
  const left = named.map((name) => {
    const { code, stderr } = qemuImg('check', there(name));
    return [name, bitmapsOf(there(name)), code, stderr];
  });
  return { said, left };
}

describe('qemu-img bitmap', () => {
  it.each([
    [['bitmap --add top.qcow2 new']],
    [['bitmap --add -g 4k top.qcow2 new', 'bitmap --remove top.qcow2 b1']],
    [['bitmap --add --disable --enable -g 2G top.qcow2 new']],
    [['bitmap --add top.qcow2 b1', 'bitmap --add -g 700 top.qcow2 n', 'bitmap --add -g 256 top.qcow2 n']],
    [['bitmap --remove top.qcow2 b1', 'bitmap --remove top.qcow2 b2', 'bitmap --remove top.qcow2 b2']],
    [['bitmap --clear top.qcow2 b1', 'bitmap --enable top.qcow2 b2', 'bitmap --clear top.qcow2 none']],
    [['bitmap --remove --add top.qcow2 b1']],
    [['bitmap --merge b1 top.qcow2 b2', 'bitmap --add --merge b1 --merge b2 top.qcow2 sum']],
    [['bitmap --merge b0 -b base.qcow2 -F qcow2 top.qcow2 b1']],
    [['bitmap --add --merge none top.qcow2 kept']],
    [['bitmap --add --merge b0 -b base.qcow2 larger.qcow2 kept']],
    [['bitmap --clear crashed.qcow2 b0', 'bitmap --merge b0 crashed.qcow2 fine', 'bitmap --enable crashed.qcow2 b0']],
    [['bitmap --merge fine crashed.qcow2 b0', 'bitmap --remove crashed.qcow2 b0', 'bitmap --clear crashed.qcow2 fine']],
    [['resize crashed.qcow2 12M', 'bitmap --remove crashed.qcow2 b0', 'resize crashed.qcow2 12M']],
    [['resize top.qcow2 30M', 'resize --shrink base.qcow2 3584k', 'resize base.qcow2 10M']],
    [['bitmap', 'bitmap --add', 'bitmap --add top.qcow2', 'bitmap top.qcow2 b1', 'bitmap --add a b c']],
    [['bitmap --clear -g 4k top.qcow2 b1', 'bitmap --clear -F raw top.qcow2 b1', 'bitmap --clear -b x top.qcow2 b1']],
    [
      [
        'bitmap --add -g nonsense top.qcow2 n',
        'bitmap --clear none.qcow2 b',
        'bitmap --add --image-opts driver=qcow2 n',
      ],
    ],
    [[`bitmap --add top.qcow2 ${'x'.repeat(1023)}`, 'snapshot -c s top.qcow2', 'snapshot -a s top.qcow2']],
    [['rebase -u -F qcow2 -b base.qcow2 top.qcow2', 'bitmap --clear top.qcow2 b1']],
  ])('%j', async (lines) => {
    expect(await outcomeOf('ours', lines, ourQemuImg)).toEqual(await outcomeOf('theirs', lines, qemuImg));
  });

  it('says which image cannot keep one', async () => {
    const { said } = await outcomeOf('ours', ['bitmap --add old.qcow2 n', 'bitmap --add -f raw raw.img n'], ourQemuImg);
    expect(said).toEqual([
      [
        1,
        '',
        "qemu-img: Operation add on bitmap n failed: Can't make bitmap 'n' persistent in 'old.qcow2': Cannot store dirty bitmaps in qcow2 v2 files\n",
      ],
      [
        1,
        '',
        "qemu-img: Operation add on bitmap n failed: Can't store persistent bitmaps to raw.img: Operation not supported\n",
      ],
    ]);
  });
});

describe('qemu-img convert --bitmaps', () => {
  it.each([
    [['convert --bitmaps -O raw top.qcow2 new.img']],
    [['convert --bitmaps -O qcow2 top.qcow2 larger.qcow2']],
    [['convert --bitmaps -O qcow2 -o cluster_size=4k top.qcow2 larger.qcow2']],
    [['convert --bitmaps -O qcow2 -o compat=0.10 top.qcow2 larger.qcow2']],
    [['convert --bitmaps -n -O qcow2 top.qcow2 larger.qcow2', 'convert --bitmaps -n -O qcow2 top.qcow2 base.qcow2']],
    [['convert --bitmaps -O qcow2 crashed.qcow2 larger.qcow2']],
    [['convert --bitmaps --skip-broken-bitmaps -O qcow2 crashed.qcow2 larger.qcow2']],
    [['convert --skip-broken-bitmaps -O qcow2 top.qcow2 larger.qcow2']],
    [['convert --bitmaps -O qcow2 top.qcow2 base.qcow2 larger.qcow2']],
    [['convert --bitmaps -f raw -O qcow2 raw.img larger.qcow2', 'convert --bitmaps -O qcow2 old.qcow2 larger.qcow2']],
  ])('%j', async (lines) => {
    const outcomes = [await outcomeOf('ours', lines, ourQemuImg), await outcomeOf('theirs', lines, qemuImg)];
    expect(outcomes[0]).toEqual(outcomes[1]);
  });
});
