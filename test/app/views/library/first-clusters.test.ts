import { expect, it } from 'vitest';
import { NEW_FORM } from '../../../../src/app/views/library/create-form.ts';
import { firstClusters } from '../../../../src/app/views/library/first-clusters.ts';

const layout = (changes: Partial<typeof NEW_FORM>) =>
  firstClusters({ ...NEW_FORM, ...changes }).map(({ use, firstCluster, clusterCount, isFuture }) => {
    return `${use} ${firstCluster}+${clusterCount}${isFuture ? ' later' : ''}`;
  });

it('shows what qemu-img create writes and where the first write goes', () => {
  expect(layout({ size: '10G' })).toEqual([
    'header 0+1',
    'refcount-table 1+1',
    'refcount-block 2+1',
    'l1 3+1',
    'l2 4+1 later',
    'data 5+1 later',
  ]);
});

it('has the header of an encrypted disk before the first write', () => {
  expect(layout({ size: '10G', encrypts: true }).slice(3)).toEqual([
    'l1 3+1',
    'luks 4+32',
    'l2 36+1 later',
    'data 37+1 later',
  ]);
});

it('counts the clusters of a large L1 table', () => {
  expect(layout({ size: '64M', clusterSize: 512 })[3]).toBe('l1 3+32');
});

it('has no L1 table in an empty disk, and tables that are there with preallocation', () => {
  expect(layout({ size: '0' })[3]).toBe('l2 3+1 later');
  expect(layout({ preallocation: 'metadata' })[4]).toBe('l2 4+1');
});
