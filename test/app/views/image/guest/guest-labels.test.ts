import { describe, expect, it } from 'vitest';
import { guestLabels } from '../../../../../src/app/views/image/guest/guest-labels.ts';

describe('labels of the guest’s disk', () => {
  const data = { at: 0, length: 512, use: 'data', hostOffset: 0x50000 } as const;

  it('lead to where the bytes stand in the file', () => {
    expect(guestLabels([data], { hasDataFile: false })).toMatchObject([
      { at: 0, length: 512, label: 'data', value: 'host 0x50000', target: 0x50000 },
    ]);
  });

  it('lead nowhere where there is no place, or it is in another file', () => {
    const unallocated = { at: 512, length: 512, use: 'unallocated', hostOffset: null } as const;
    expect(guestLabels([data, unallocated], { hasDataFile: true })).toMatchObject([
      { value: 'data file 0x50000', target: null },
      { value: 'no place in the file', target: null },
    ]);
  });
});
