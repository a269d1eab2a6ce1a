import { copyFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FolderHost, withoutTimes } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());

beforeAll(() => {
  host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'base.qcow2', '4M');
  host.real('qemu-io', '-c', 'write -q -P 11 0 4M', 'base.qcow2');
  host.real('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', 'base.qcow2', 'start.qcow2');
  host.real('qemu-io', '-c', 'write -q -P 22 0 3M', 'start.qcow2');
});

const LIMITS = [
  'align=4k',
  'align=4k,max-transfer=64k',
  'align=512,max-transfer=64k,opt-write-zero=128k',
  'align=512,opt-write-zero=192k,max-write-zero=192k,opt-discard=192k,max-discard=192k',
  'align=64k,max-write-zero=128k,max-discard=128k',
];

/** Above the image, and between the image and its file. */
const PLACES = [
  { place: 'above', options: (limits: string) => `driver=blkdebug,image.driver=qcow2,${limits}` },
  {
    place: 'below',
    options: (limits: string) => `driver=qcow2,file.driver=blkdebug,${limits.replace(/^|,/g, '$&file.')}`,
  },
];

const COMMANDS = [
  'write -P 33 1000 150000',
  'read -P 33 1000 150000',
  'read -P 22 0 1000',
  'write -z 300000 700000',
  'read -P 0 300000 700000',
  'write -z -u 1234944 400384',
  'discard 1700001 500000',
  'write -P 44 3700000 1',
  'read -P 11 3600000 100000',
  'alloc 1 1',
  'alloc 0x2ffff0 1000',
  'alloc 3M 5P',
  'map',
];

describe.each(PLACES)('limits of blkdebug $place the image', ({ options }) => {
  it.each(LIMITS)('%s: prints what qemu-io prints, and leaves the same image', async (limits) => {
    copyFileSync(host.path('start.qcow2'), host.path('image.qcow2'));
    const commands = [`open -o ${options(limits)} image.qcow2`, ...COMMANDS];
    const ours = await host.qemuIo(commands);
    copyFileSync(host.path('image.qcow2'), host.path('ours.qcow2'));
    copyFileSync(host.path('start.qcow2'), host.path('image.qcow2'));
    const theirs = host.real('qemu-io', ...commands.flatMap((command) => ['-c', command]));
    expect(withoutTimes(ours)).toEqual(withoutTimes(theirs));
    expect(host.real('qemu-img', 'compare', 'image.qcow2', 'ours.qcow2').stdout).toBe('Images are identical.\n');
    expect(host.real('qemu-img', 'check', 'ours.qcow2').stdout).toContain('No errors were found');
    expect(runsOf('ours.qcow2')).toEqual(runsOf('image.qcow2'));
  });
});

describe('copy-on-read', () => {
  it.each([
    ['as an option of qemu-io', 'open -C -o driver=qcow2'],
    ['as a filter', 'open -o driver=copy-on-read,file.driver=qcow2'],
    ['as a filter over a filter', 'open -o driver=copy-on-read,file.driver=blkdebug,file.image.driver=qcow2'],
  ])('%s keeps what was read, in whole clusters', async (_, open) => {
    const commands = [`${open} image.qcow2`, 'read -P 11 3M 1', 'read -P 11 3300000 1k', 'read -P 22 2M 1k', 'map'];
    copyFileSync(host.path('start.qcow2'), host.path('image.qcow2'));
    const ours = await host.qemuIo(commands);
    const runs = runsOf('image.qcow2');
    copyFileSync(host.path('start.qcow2'), host.path('image.qcow2'));
    const theirs = host.real('qemu-io', ...commands.flatMap((command) => ['-c', command]));
    expect(withoutTimes(ours)).toEqual(withoutTimes(theirs));
    expect(runs).toEqual(runsOf('image.qcow2'));
  });
});

/** Which runs hold data, zeros or nothing, and in which layer; where the clusters lie is the allocator's business. */
function runsOf(name: string): unknown {
  const text = host.real('qemu-img', 'map', '--output', 'json', name).stdout;
  const runs = JSON.parse(text) as { start: number; length: number; depth: number; zero: boolean; data: boolean }[];
  return runs.map(({ start, length, depth, zero, data }) => ({ start, length, depth, zero, data }));
}
