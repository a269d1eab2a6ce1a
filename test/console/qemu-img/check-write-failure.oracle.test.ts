import { copyFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { ourQemuImg } from '../../tools/our-qemu-img.ts';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';
import { Patient } from '../../engine/check/damage.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const COPIED = 1n << 63n;
const INCOMPATIBLE_FEATURES_AT = 79;

/** An image with two written areas, one before and one after a snapshot was taken, and then damaged. */
function damaged(name: string, damage: (patient: Patient) => void): string {
  const file = scratch.create(`${name}.qcow2`, '16M', 'cluster_size=4k');
  qemuIo(file, ['write -P 1 0 64k']);
  qemuImg('snapshot', '-c', 'before', file);
  qemuIo(file, ['write -P 2 0 8k', 'write -P 3 1M 300k']);
  const patient = new Patient(file);
  damage(patient);
  patient.save();
  return file;
}

/** A new file opened over a disk on which the first access of this kind fails. */
function failing(original: string, iotype: 'write' | 'flush', errno: number): string {
  const file = scratch.path('failing.qcow2');
  copyFileSync(original, file);
  const inject = `file.inject-error.0.event=none,file.inject-error.0.iotype=${iotype},file.inject-error.0.once=on`;
  const below = `file.driver=blkdebug,file.image.driver=file,file.image.filename=${file}`;
  return `driver=qcow2,${below},${inject},file.inject-error.0.errno=${errno}`;
}

const DAMAGES: Readonly<Record<string, (patient: Patient) => void>> = {
  'a refcount of 0': (patient) => patient.setRefcount16(20, 0),
  'a missing flag in an L2 table': (patient) =>
    patient.setWord(patient.l2At(0, 0), patient.word(patient.l2At(0, 0)) & ~COPIED),
  'a missing flag in the L1 table': (patient) =>
    patient.setWord(patient.l1At(0), patient.word(patient.l1At(0)) & ~COPIED),
  'the dirty bit': ({ bytes }) => void (bytes[INCOMPATIBLE_FEATURES_AT] = 1),
  'the corrupt bit': ({ bytes }) => void (bytes[INCOMPATIBLE_FEATURES_AT] = 2),
  'an incomplete snapshot': ({ bytes, header }) => {
    const entry = bytes.subarray(header.snapshotsOffset);
    entry.copy(entry, 40, 64, 80);
    entry.writeUInt32BE(0, 36);
  },
};

const ENOSPC = 28;
const EIO = 5;

describe.each(Object.entries(DAMAGES))('a repair of an image with %s', (what, damage) => {
  it('says what QEMU says where a write fails', async () => {
    const original = damaged(what, damage);
    const expected = qemuImg('check', '-r', 'all', '--image-opts', failing(original, 'write', ENOSPC));
    const ours = await ourQemuImg('check', '-r', 'all', '--image-opts', failing(original, 'write', ENOSPC));
    expect(ours).toEqual(expected);
  });
});

it.each(['a refcount of 0', 'an incomplete snapshot'])(
  'the same where a flush fails, of an image with %s',
  async (what) => {
    const original = damaged(what, DAMAGES[what]!);
    const expected = qemuImg('check', '-r', 'all', '--image-opts', failing(original, 'flush', EIO));
    const ours = await ourQemuImg('check', '-r', 'all', '--image-opts', failing(original, 'flush', EIO));
    expect(ours).toEqual(expected);
  },
);

it('the repair of a dirty image, too, that is opened to write', async () => {
  const original = damaged('dirty', (patient) => {
    patient.setRefcount16(20, 0);
    patient.bytes[INCOMPATIBLE_FEATURES_AT] = 1;
  });
  const expected = qemuImg('resize', '--image-opts', failing(original, 'write', ENOSPC), '17M');
  const ours = await ourQemuImg('resize', '--image-opts', failing(original, 'write', ENOSPC), '17M');
  expect(ours).toEqual(expected);
});

it('refcounts that could not be mended in place are not called so', async () => {
  const original = damaged('leak', (patient) => patient.setRefcount16(patient.bytes.length / 4096 - 1, 2));
  const { code, stderr } = await ourQemuImg('check', '-r', 'all', '--image-opts', failing(original, 'write', ENOSPC));
  expect(code).toBe(1);
  expect(stderr).toMatch(/\nqemu-img: Check failed: No space left on device\n$/);
});
