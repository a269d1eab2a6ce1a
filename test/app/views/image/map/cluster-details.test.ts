import { describe, expect, it, vi } from 'vitest';
import type { ClusterDetail } from '#protocol';
import { chainTo, ClusterDetails } from '../../../../../src/app/views/image/map/cluster-details.svelte.ts';

const CLUSTER = 65536;
/** Header 0 → L1 3 → L2 4 → data 5, and a table 7 that points to itself. */
const pointers: Record<number, [holder: number, label: string]> = {
  3: [0, 'header: L1 table'],
  4: [3, 'L1[0]'],
  5: [4, 'L2[0][5]'],
  7: [7, 'L1[1]'],
};

function detailOf(index: number): ClusterDetail {
  const pointer = pointers[index];
  const references = pointer ? [{ label: pointer[1], at: pointer[0] * CLUSTER + 8, length: 8, guest: null }] : [];
  return { index, use: 'data', health: 'sound', refcount: 1, references, referenceCount: references.length };
}

describe('chainTo', () => {
  const need = async (index: number) => detailOf(index);

  it('goes from the header down', async () => {
    expect(await chainTo(5, CLUSTER, need)).toEqual([
      { cluster: 0, label: 'header: L1 table' },
      { cluster: 3, label: 'L1[0]' },
      { cluster: 4, label: 'L2[0][5]' },
    ]);
  });

  it('is empty for what nobody points to, and ends in a circle', async () => {
    expect(await chainTo(9, CLUSTER, need)).toEqual([]);
    expect(await chainTo(7, CLUSTER, need)).toEqual([]);
  });
});

describe('ClusterDetails', () => {
  it('asks only for the last of several wishes, and never twice', async () => {
    const ask = vi.fn(async (index: number) => detailOf(index));
    const details = new ClusterDetails(ask, () => undefined);
    for (const index of [1, 2, 3, 4]) details.wish(index);
    await vi.waitFor(() => expect(details.get(4)).not.toBeNull());
    details.wish(4);
    expect(ask.mock.calls.flat()).toEqual([1, 4]);
    expect(details.get(2)).toBeNull();
  });
});
