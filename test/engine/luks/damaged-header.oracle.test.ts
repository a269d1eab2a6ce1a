import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { deriveNow, isEngineError, readLuksVolume, unlockLuks } from '#engine';
import { qemuIo, Scratch } from '../../tools/qemu.ts';
import { newVolume, PASSPHRASE } from './new-volume.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const { bytes: VOLUME, headerSize } = newVolume();
const SLOT = (index: number) => 208 + 48 * index;

/** What is written over a good header: offset, then a number of 32 bits or a text with its end. */
type Damage = readonly [at: number, value: number | string];

const CASES: readonly (readonly [string, ...Damage[]])[] = [
  ['nothing'],
  ['another magic', [0, 'XUKS']],
  ['version 2', [4, 0xbabe0002]],
  ['a cipher name without an end', [8, 'a'.repeat(32)]],
  ['a cipher mode without an end', [40, 'a'.repeat(32)]],
  ['a hash without an end', [72, 'a'.repeat(32)]],
  ['a payload inside the header', [104, 7]],
  ['a payload inside the last slot', [104, 4039]],
  ['no rounds of the digest', [164, 0]],
  ['a slot that is neither active nor not', [SLOT(0), 1]],
  ['an active slot without rounds', [SLOT(0) + 4, 0]],
  ['other stripes', [SLOT(1) + 44, 3999]],
  ['a slot inside the header', [SLOT(0) + 40, 7]],
  ['overlapping slots', [SLOT(1) + 40, 508]],
  ['an unknown cipher', [8, 'foo']],
  ['a cipher whose key has another size', [8, 'cast5']],
  ['a key of 40 bytes', [108, 40]],
  ['a key of 63 bytes', [108, 63]],
  ['a huge key', [108, 1_000_000]],
  ['a mode without generator', [40, 'xts']],
  ['an unknown mode', [40, 'foo-plain64']],
  ['an unknown generator', [40, 'xts-foo']],
  ['essiv without its hash', [40, 'xts-essiv']],
  ['an unknown hash of the generator', [40, 'xts-plain64:foo']],
  ['a hash that makes no key', [40, 'xts-essiv:sha1']],
  ['an unknown hash', [72, 'foo']],
  ['an unknown cipher and an unknown hash', [8, 'foo'], [72, 'foo']],
  ['an unknown mode and an unknown hash of the generator', [40, 'foo-bar:baz']],
  ['another digest', [112, 0]],
  ['another salt of the slot', [SLOT(0) + 8, 0]],
  ['other key material', [4096 + 1000, 0x12345678]],
];

describe('a damaged LUKS header is refused as QEMU refuses it:', () => {
  it.each(CASES.map(([what, ...damages]) => ({ what, damages })))('$what', ({ damages }) => {
    const bytes = new Uint8Array(headerSize + 512);
    bytes.set(VOLUME);
    for (const [at, value] of damages) {
      if (typeof value === 'number') new DataView(bytes.buffer).setUint32(at, value);
      else bytes.set(new TextEncoder().encode(value.padEnd(Math.min(32, value.length + 4), '\0')), at);
    }
    const file = scratch.path('damaged.luks');
    writeFileSync(file, bytes);
    const options = ['--object', 'secret,id=s,data=astrochicken', '--image-opts'];
    const { stderr } = qemuIo(`driver=luks,file.filename=${file},key-secret=s`, [], options);
    expect(refusalOf(bytes)).toBe(stderr.replace("qemu-io: can't open: ", '').trimEnd());
  });
});

function refusalOf(bytes: Uint8Array): string {
  const read = (at: number, into: Uint8Array) => into.set(bytes.subarray(at, at + into.length));
  try {
    deriveNow(unlockLuks(readLuksVolume(read), read, PASSPHRASE));
    return '';
  } catch (error) {
    if (isEngineError(error)) return error.message;
    throw error;
  }
}
