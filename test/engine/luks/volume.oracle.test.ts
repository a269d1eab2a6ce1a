import { afterAll, describe, expect, it } from 'vitest';
import { closeImage, createImage, HASH_NAMES, MemoryStorage, readAt, writeAt, type CipherSpec } from '#engine';
import { qemuIo, Scratch } from '../../tools/qemu.ts';
import { newEncrypted, newVolume, openWith } from './new-volume.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const SIZE = 1024 * 1024;

/** QEMU reads what we wrote and writes more; then we read all. Ranges start and end within sectors and clusters. */
function exchange(name: string, storage: MemoryStorage): void {
  const ours = openWith(storage);
  writeAt(ours, 60_000, new Uint8Array(70_000).fill(0x11));
  closeImage(ours);

  const file = scratch.save(name, storage);
  const ran = qemuIo(
    `driver=qcow2,file.filename=${file},encrypt.key-secret=sec0`,
    [
      'read -P 0 0 60000',
      'read -P 0x11 60000 70000',
      'read -P 0 130000 800000',
      'write -P 0x22 100001 300',
      'write -P 0x33 700000 100000',
      'write -z 60000 5000',
    ],
    ['--object', 'secret,id=sec0,data=astrochicken', '--image-opts'],
  );
  expect(ran.stdout).not.toContain('failed');
  expect(ran).toMatchObject({ stderr: '', code: 0 });

  const expected = new Uint8Array(SIZE);
  expected.fill(0x11, 65_000, 130_000).fill(0x22, 100_001, 100_301).fill(0x33, 700_000, 800_000);
  const image = openWith(scratch.load(file));
  const content = new Uint8Array(SIZE);
  readAt(image, 0, content);
  expect(Buffer.compare(content, expected)).toBe(0);
}

describe('images made here and by qemu-io', () => {
  const MODES = [
    ...(['xts', 'cbc', 'ctr', 'ecb'] as const).flatMap((mode) => [
      { mode, aesBits: 256, ivgen: 'plain64', ivgenHash: null } as const,
      { mode, aesBits: 128, ivgen: 'plain', ivgenHash: null } as const,
      { mode, aesBits: 128, ivgen: 'essiv', ivgenHash: 'sha256' } as const,
    ]),
    { mode: 'xts', aesBits: 192, ivgen: 'plain64', ivgenHash: null },
    { mode: 'cbc', aesBits: 256, ivgen: 'essiv', ivgenHash: 'md5' },
    { mode: 'xts', aesBits: 256, ivgen: 'plain64', ivgenHash: 'sha1' },
  ] satisfies CipherSpec[];
  it.each(MODES)('hold the same with aes-$aesBits, $mode, $ivgen, $ivgenHash', (spec) => {
    const storage = new MemoryStorage();
    createImage(storage, { size: SIZE, encryption: { kind: 'luks', luks: newVolume({ spec }) } });
    exchange('mode.qcow2', storage);
  });

  it.each(HASH_NAMES)('hold the same with hash %s', (hash) => {
    const storage = new MemoryStorage();
    createImage(storage, { size: SIZE, encryption: { kind: 'luks', luks: newVolume({ hash }) } });
    exchange('hash.qcow2', storage);
  });

  it('hold the same with the legacy encryption', () => {
    exchange('legacy.qcow2', newEncrypted('aes'));
  });

  it.each([{ clusterSize: 512 }, { clusterSize: 2048, compat: '0.10' as const }, { extendedL2: true }])(
    'hold the same with %j',
    (options) => exchange('options.qcow2', newEncrypted('luks', options)),
  );
});
