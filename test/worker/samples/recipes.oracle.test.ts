import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { SAMPLES, type SampleName } from '#protocol';
import { makeSample } from '../../../src/worker/samples/recipes.ts';
import { qemuImg, Scratch } from '../../tools/qemu.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

/** What `qemu-img check` says of each: exit code and counters, absent where they are zero. */
const EXPECTED: Record<SampleName, { code: number; corruptions?: number; leaks?: number }> = {
  // 32 refcounts that were never written, each of them counted a second time for the COPIED flag of its L2 entry.
  'dirty-after-crash': { code: 2, corruptions: 64 },
  'leaked-clusters': { code: 3, leaks: 3 },
  // Two L2 entries for one cluster, whose refcount is 1; the cluster that lost its entry leaks.
  'cross-linked': { code: 2, corruptions: 1, leaks: 1 },
  'with-snapshots': { code: 0 },
  compressed: { code: 0 },
  'version-2': { code: 0 },
  'backing-chain': { code: 0 },
};

function saved(sample: SampleName): string {
  const files = makeSample(sample, `${sample}.qcow2`).map(({ name, bytes }) => scratch.save(name, bytes));
  return files.at(-1)!;
}

/** The first words of a guest cluster, as QEMU reads it; empty where it reads zeros. */
function guestOf(file: string, ...options: string[]): (cluster: number) => string {
  const raw = scratch.path('guest.raw');
  expect(qemuImg('convert', ...options, '-O', 'raw', file, raw)).toMatchObject({ code: 0 });
  const bytes = readFileSync(raw);
  return (cluster) => /^[^:\0]*/.exec(bytes.toString('latin1', cluster * 65536, cluster * 65536 + 64))![0];
}

describe('a sample', () => {
  it.each(SAMPLES)('%s is what qemu-img check takes it for', (sample) => {
    const { stdout, code } = qemuImg('check', '--output=json', saved(sample));
    const { corruptions, leaks } = JSON.parse(stdout) as { corruptions?: number; leaks?: number };
    expect({ code, corruptions, leaks }).toEqual({ corruptions: undefined, leaks: undefined, ...EXPECTED[sample] });
  });

  it.each(SAMPLES)('%s has the same bytes every time', (sample) => {
    const [first, second] = [makeSample(sample, 'a.qcow2'), makeSample(sample, 'a.qcow2')];
    expect(first.map(({ name }) => name)).toEqual(second.map(({ name }) => name));
    first.forEach(({ bytes }, index) => {
      expect(Buffer.compare(bytes.toBytes(), second[index]!.bytes.toBytes())).toBe(0);
    });
  });

  it('dirty-after-crash has the dirty bit, and all that was acknowledged after QEMU has repaired it', () => {
    const file = saved('dirty-after-crash');
    expect(qemuImg('info', file).stdout).toContain('lazy refcounts: true');
    expect(qemuImg('check', '-r', 'all', file).code).toBe(0);
    const guest = guestOf(file);
    for (let cluster = 0; cluster < 32; cluster++) {
      expect(guest(cluster * 3)).toBe(`cluster ${cluster * 3}, line 0`);
    }
  });

  it('with-snapshots shows in each snapshot what stood there when it was taken', () => {
    const file = saved('with-snapshots');
    const list = qemuImg('snapshot', '-l', file).stdout;
    expect(list).toMatch(/1\s+installed/);
    expect(list).toMatch(/2\s+before the update/);
    const [first, second, now] = [
      guestOf(file, '-l', 'snapshot.id=1'),
      guestOf(file, '-l', 'snapshot.id=2'),
      guestOf(file),
    ];
    for (const shown of [first, second, now]) expect(shown(3)).toBe('cluster 3, line 0');
    expect([first(20), second(20), now(20)]).toEqual(['', 'cluster 20, line 0', 'cluster 20, line 0']);
    expect([first(30), second(30), now(30)]).toEqual(['', '', 'cluster 30, line 0']);
    expect(qemuImg('check', '-r', 'all', file).code).toBe(0);
  });

  it('compressed is compressed throughout', () => {
    const { stdout } = qemuImg('check', '--output=json', saved('compressed'));
    expect(JSON.parse(stdout)).toMatchObject({ 'allocated-clusters': 48, 'compressed-clusters': 48 });
  });

  it('version-2 is version 2', () => {
    expect(qemuImg('info', saved('version-2')).stdout).toContain('compat: 0.10');
  });

  it('backing-chain reads through to its base', () => {
    const file = saved('backing-chain');
    expect(qemuImg('info', file).stdout).toContain('backing file: backing-chain-base.qcow2');
    const guest = guestOf(file);
    expect([guest(3), guest(100), guest(200)]).toEqual([3, 100, 200].map((cluster) => `cluster ${cluster}, line 0`));
  });
});
