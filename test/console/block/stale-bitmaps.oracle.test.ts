import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { FolderHost, withoutTimes } from '../folder-host.ts';

const host = new FolderHost();
afterAll(() => host.remove());

const AUTOCLEAR_FEATURES_AT = 88;
const VERSION_AT = 7;

describe.each([3, 2])('bitmaps that an unaware program has left behind, version %i', (version) => {
  beforeEach(() => {
    host.real('qemu-img', 'create', '-q', '-f', 'qcow2', 'made', '1M');
    host.real('qemu-io', '-c', 'write -q 0 64k', 'made');
    host.real('qemu-img', 'bitmap', '--add', 'made', 'lost');
    const bytes = readFileSync(host.path('made'));
    bytes.fill(0, AUTOCLEAR_FEATURES_AT, AUTOCLEAR_FEATURES_AT + 8);
    bytes[VERSION_AT] = version;
    writeFileSync(host.path('made'), bytes);
  });

  // Version 2 has no extensions where version 3 has them: nothing is found there, and nothing said.
  it.each([
    'info NAME',
    'check NAME',
    'check -r all NAME',
    'map NAME',
    'convert -O raw NAME out',
    'snapshot -c s NAME',
  ])('are told of as by qemu-img: %s', async (line) => {
    for (const name of ['ours', 'theirs']) copyFileSync(host.path('made'), host.path(name));
    const ours = await host.qemuImg(...line.replace('NAME', 'ours').split(' '));
    const theirs = host.real('qemu-img', ...line.replace('NAME', 'theirs').split(' '));
    expect(ours.stderr.replaceAll('ours', 'theirs')).toBe(theirs.stderr);
    expect(ours.code).toBe(theirs.code);
  });

  it('are told of as by qemu-io', async () => {
    for (const name of ['ours', 'theirs']) copyFileSync(host.path('made'), host.path(name));
    const ours = await host.qemuIo(['read 0 64k'], 'ours');
    expect(withoutTimes(ours)).toEqual(withoutTimes(host.real('qemu-io', '-c', 'read 0 64k', 'theirs')));
  });
});
