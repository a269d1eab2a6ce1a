import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  CLUSTER_HEALTHS,
  CLUSTER_USES,
  clusterDetail,
  clusterMap,
  drain,
  type ClusterMap,
  type MemoryStorage,
} from '#engine';
import { qemuImg, qemuIo, Scratch } from '../../tools/qemu.ts';
import { Patient } from '../check/damage.ts';

const scratch = new Scratch();
afterAll(() => scratch.remove());

function names({ use, health }: ClusterMap): string[] {
  return Array.from(use, (code, cluster) => {
    const healthName = CLUSTER_HEALTHS[health[cluster]!]!;
    return healthName === 'sound' ? CLUSTER_USES[code]! : `${CLUSTER_USES[code]!} (${healthName})`;
  });
}

describe('the map', () => {
  it('names every cluster of an image with data, compressed data, a snapshot and a bitmap', () => {
    const file = scratch.create('all.qcow2', '64M');
    qemuIo(file, ['write -P 1 0 128k']);
    qemuImg('snapshot', '-c', 'before', file);
    qemuIo(file, ['write -P 2 0 64k', 'write -c -P 3 1M 64k']);
    qemuImg('bitmap', '--add', file, 'b0');
    const map = names(drain(clusterMap(scratch.load(file))));
    expect(map.slice(0, 4)).toEqual(['header', 'refcount-table', 'refcount-block', 'l1']);
    for (const use of ['l2', 'data', 'compressed', 'snapshot-table', 'snapshot-l1', 'snapshot-l2', 'snapshot-data']) {
      expect(map).toContain(use);
    }
    expect(map.filter((use) => use === 'bitmap')).toHaveLength(2);
    expect(map.filter((use) => use.includes('('))).toEqual([]);
  });

  it('shows what is leaked, uncounted and cross-linked', () => {
    const file = scratch.create('sick.qcow2', '64M');
    qemuIo(file, ['write -P 1 0 256k']);
    const patient = new Patient(file);
    patient.setWord(patient.l2At(0, 3), 0n);
    patient.setRefcount16(6, 0);
    patient.setWord(patient.l2At(0, 9), patient.word(patient.l2At(0, 2)));
    patient.save();
    expect(names(drain(clusterMap(scratch.load(file)))).slice(5)).toEqual([
      'data',
      'data (missing-reference)',
      'data (cross-linked)',
      'unknown (leaked)',
    ]);
  });
});

describe('one cluster', () => {
  let storage: MemoryStorage;
  beforeAll(() => {
    const file = scratch.create('one.qcow2', '64M');
    qemuIo(file, ['write -P 1 0 128k']);
    qemuImg('snapshot', '-c', 'before', file);
    storage = scratch.load(file);
  });

  it.each([
    [0, 'header', ['header']],
    [1, 'refcount-table', ['header: refcount table']],
    [2, 'refcount-block', ['refcount table[0]']],
    [3, 'l1', ['header: L1 table']],
    [4, 'l2', ['L1[0]', 'snapshot 1 "before" L1[0]']],
    [6, 'data', ['L2[0][1]', 'snapshot 1 "before" L2[0][1]']],
  ])('%i is the %s, and knows who points to it', (index, use, labels) => {
    const detail = drain(clusterDetail(storage, index));
    expect(detail).toMatchObject({ index, use, health: 'sound', referenceCount: labels.length });
    expect(detail.references.map(({ label }) => label)).toEqual(labels);
    expect(detail.refcount).toBe(labels.length);
  });

  it('tells the guest range and the bytes of the pointer', () => {
    const { references } = drain(clusterDetail(storage, 6));
    expect(references[0]).toMatchObject({ at: 0x40008, length: 8, guest: { offset: 65536, length: 65536 } });
  });
});
