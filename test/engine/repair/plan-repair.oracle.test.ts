import { copyFileSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { applyRepair, checkImage, drain, isEngineError, planRepair, undoRepair, type RepairPlan } from '#engine';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';
import { Patient } from '../check/damage.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

function lazyCrash(options: string, ...commands: string[]): string {
  const file = scratch.create('crash.qcow2', '64M', `lazy_refcounts=on${options}`);
  qemuIo(file, [...commands, 'flush', 'abort'], ['-t', 'writeback']);
  return file;
}

function kindsOf(plan: RepairPlan): string[] {
  return plan.steps.map(({ kind }) => kind);
}

describe('a lazy crash', () => {
  it.each([
    ['64 KiB clusters', ''],
    ['4 KiB clusters', ',cluster_size=4k'],
    ['512-byte clusters, whose refcounts take several blocks', ',cluster_size=512'],
    ['64-bit refcounts', ',refcount_bits=64,cluster_size=1k'],
    ['1-bit refcounts', ',refcount_bits=1'],
  ])('of an image with %s becomes, byte for byte, what qemu-img check -r all makes of it', (_, options) => {
    const file = lazyCrash(options, 'write -P 1 0 64k', 'write -P 2 1M 300k');
    const theirs = scratch.path('theirs.qcow2');
    copyFileSync(file, theirs);
    const storage = scratch.load(file);
    drain(applyRepair(storage, drain(planRepair(storage, 'all'))));
    qemuImg('check', '-q', '-r', 'all', theirs);
    expect(Buffer.compare(Buffer.from(storage.toBytes()), readFileSync(theirs))).toBe(0);
  });

  it('is repaired in the order that a power cut cannot hurt', () => {
    const plan = drain(planRepair(scratch.load(lazyCrash('', 'write -P 1 0 64k')), 'all'));
    expect(kindsOf(plan)).toEqual([
      'write-new-refcount-blocks',
      'write-new-refcount-table',
      'switch-to-new-refcounts',
      'free-old-refcounts',
      'clear-dirty-bit',
    ]);
    const [, , change, , clean] = plan.steps;
    for (const step of [change, clean]) {
      expect(step!.writes, 'one sector, then a flush').toMatchObject([{ kind: 'write', at: 0 }, { kind: 'flush' }]);
      expect(step!.writes[0]).toHaveProperty('after.length', 512);
    }
    for (const { writes } of plan.steps) expect(writes.at(-1)).toHaveProperty('kind', 'flush');
  });

  it('is not touched by a repair of leaks alone, and stays dirty', () => {
    const storage = scratch.load(lazyCrash('', 'write -P 1 0 64k'));
    const before = storage.toBytes();
    const plan = drain(planRepair(storage, 'leaks'));
    drain(applyRepair(storage, plan));
    expect(plan.refused).toMatch(/must be rebuilt/);
    expect(plan.report.messages).toContain('ERROR need to rebuild refcount structures');
    expect(Buffer.compare(storage.toBytes(), before)).toBe(0);
  });

  it('whose growth of the file was lost gets its clusters back, reading as zeros', () => {
    const file = lazyCrash('', 'write -P 1 0 64k', 'write -P 2 64k 64k');
    const patient = new Patient(file);
    patient.setWord(patient.l2At(0, 5), (1n << 63n) | BigInt(patient.bytes.length + 0x30000));
    patient.save();
    const storage = scratch.load(file);
    const plan = drain(planRepair(storage, 'all'));
    drain(applyRepair(storage, plan));
    expect(kindsOf(plan)[0]).toBe('grow-file');
    expect(qemuImg('check', scratch.save('ours.qcow2', storage)).code).toBe(0);
  });
});

describe('applying and undoing', () => {
  it('goes step by step, and back to the very bytes', () => {
    const storage = scratch.load(lazyCrash('', 'write -P 1 0 200k'));
    const before = storage.toBytes();
    const plan = drain(planRepair(storage, 'all'));
    for (let applied = 0; applied < plan.steps.length; applied++) {
      expect(drain(applyRepair(storage, plan, { from: applied, stepCount: applied + 1 }))).toBe(applied + 1);
    }
    expect(drain(checkImage(storage)).counters).toMatchObject({ corruptions: 0, leaks: 0 });
    for (const count of [plan.steps.length, 3, 1]) {
      const partly = scratch.load(scratch.path('crash.qcow2'));
      drain(applyRepair(partly, plan, { stepCount: count }));
      drain(undoRepair(partly, plan, count));
      expect(Buffer.compare(partly.toBytes(), before), `after ${count} steps`).toBe(0);
    }
  });

  it('refuses an image that has changed since', () => {
    const storage = scratch.load(lazyCrash('', 'write -P 1 0 64k'));
    const plan = drain(planRepair(storage, 'all'));
    storage.write(72, new Uint8Array([0x80]));
    try {
      drain(applyRepair(storage, plan, { from: 2 }));
      expect.unreachable();
    } catch (error) {
      expect(isEngineError(error, 'invalid-argument')).toBe(true);
    }
  });

  it('of a sound image has no steps', () => {
    const storage = scratch.load(scratch.create('sound.qcow2', '64M'));
    expect(drain(planRepair(storage, 'all'))).toMatchObject({ steps: [], refused: null, after: null });
  });
});

describe('a broken refcount table', () => {
  it.each([
    ['an entry with reserved bits', 0x5n],
    ['an unaligned entry', 0x200n],
  ])('with %s is built anew', (_, bits) => {
    const file = scratch.create('table.qcow2', '64M');
    qemuIo(file, ['write -P 1 0 1M']);
    const patient = new Patient(file);
    patient.setWord(patient.refcountTableAt(0), patient.word(patient.refcountTableAt(0)) + bits);
    patient.save();
    const storage = scratch.load(file);
    drain(applyRepair(storage, drain(planRepair(storage, 'all', { isOneRun: true }))));
    expect(qemuImg('check', scratch.save('ours.qcow2', storage)).code).toBe(0);
  });

  it('is built anew in the free cluster where a broken entry points, which QEMU takes for a block', () => {
    const file = scratch.create('free.qcow2', '64M', 'cluster_size=4k');
    qemuIo(file, ['write -P 1 0 4k']);
    const patient = new Patient(file);
    patient.setWord(patient.refcountTableAt(0), BigInt(patient.bytes.length) + 1n);
    patient.save();
    const storage = scratch.load(file);
    drain(applyRepair(storage, drain(planRepair(storage, 'all'))));
    expect(qemuImg('check', scratch.save('ours.qcow2', storage)).code).toBe(0);
    const theirs = qemuImg('check', '-r', 'all', file);
    expect(theirs).toMatchObject({ code: 1, stderr: expect.stringMatching(/overlaps with refcount block/) });
  });
});
