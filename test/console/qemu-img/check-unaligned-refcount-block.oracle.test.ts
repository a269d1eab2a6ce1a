import { copyFileSync } from 'node:fs';
import { afterAll, expect, it } from 'vitest';
import { ourQemuImg } from '../../tools/our-qemu-img.ts';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';
import { Patient } from '../../engine/check/damage.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

const MARKS_AT = 79;

/** What a run printed, and the marks that it left. */
type Outcome = readonly [ran: unknown, marks: number];

it.each([
  { options: 'cluster_size=4k', args: ['-r', 'all'] },
  { options: 'cluster_size=4k', args: ['-q', '-r', 'all'] },
  { options: 'cluster_size=4k', args: ['--output=json', '-r', 'all'] },
  { options: 'cluster_size=64k,refcount_bits=1', args: ['-r', 'all'] },
  { options: 'cluster_size=64k', args: ['-r', 'leaks'] },
  { options: 'cluster_size=64k', args: [] },
])('check $args of an unaligned refcount block with $options, over and over', async ({ options, args }) => {
  const original = scratch.create('original.qcow2', '64M', options);
  qemuIo(original, ['write -P 1 0 128k', 'write -P 2 8M 64k']);
  const patient = new Patient(original);
  const { refcountTableOffset } = patient.header;
  patient.setWord(Number(refcountTableOffset), 0x7fff2a00n);
  patient.save();

  const file = scratch.path('checked.qcow2');
  const runs = async (run: (...args: string[]) => unknown): Promise<Outcome[]> => {
    copyFileSync(original, file);
    const outcomes: Outcome[] = [];
    for (let time = 0; time < 3; time++) {
      outcomes.push([await run('check', ...args, file), new Patient(file).bytes[MARKS_AT]!]);
    }
    return outcomes;
  };
  const expected = await runs(qemuImg);
  expect(await runs(ourQemuImg)).toEqual(expected);
});
