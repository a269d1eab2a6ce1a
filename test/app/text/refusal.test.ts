import { describe, expect, it } from 'vitest';
import type { ImageRefusal } from '#protocol';
import { refusalWords } from '../../../src/app/text/refusal.ts';

const l1TableOffset = {
  field: 'l1TableOffset',
  at: 40,
  length: 8,
  hex: '00 00 00 00 00 03 00 01',
  value: '0x30001',
  meaning: 'where the active L1 table starts',
};

function refusal(parts: Partial<ImageRefusal> = {}): ImageRefusal {
  return {
    id: 'opfs:a.qcow2',
    name: 'a.qcow2',
    place: 'browser',
    fileSize: 262144,
    unsavedChanges: 0,
    problem: {
      kind: 'problem',
      code: 'invalid-image',
      message: 'Active L1 table offset invalid',
      firstBytes: Uint8Array.of(0x51, 0x46, 0x49, 0xfb),
    },
    places: [{ at: 40, length: 8 }],
    clusterSize: 65536,
    header: [l1TableOffset],
    features: [],
    extensions: [],
    info: '',
    ...parts,
  };
}

describe('a file that cannot be opened, in words', () => {
  it('names the field, what it may hold, and the command that sets it', () => {
    expect(refusalWords(refusal(), 'my disk.qcow2')).toMatchObject({
      sentence: 'The image cannot be opened: Active L1 table offset invalid.',
      field: 'l1TableOffset',
      rule: expect.stringContaining('multiple of the cluster size'),
      command: "qcow2.py 'my disk.qcow2' set-header l1_table_offset ",
    });
  });

  it('offers no command for a file that the console cannot name', () => {
    expect(refusalWords(refusal(), null).command).toBeNull();
  });

  it('says what a file is that is no image, and offers to set nothing', () => {
    const problem = {
      kind: 'problem',
      code: 'not-qcow2',
      message: 'Image is not in qcow2 format',
      firstBytes: Uint8Array.of(0x4d, 0x5a),
    } as const;
    const words = refusalWords(refusal({ problem, places: [{ at: 0, length: 4 }], header: [] }), 'a.exe');
    expect(words.sentence).toContain('a Windows program');
    expect(words.data).toBe('Nothing was changed.');
    expect(words.command).toBeNull();
  });

  it('points to the bytes where no field of the header is to blame', () => {
    const words = refusalWords(refusal({ places: [{ at: 0x70, length: 28 }] }), 'a.qcow2');
    expect(words).toMatchObject({ field: null, rule: null, command: null });
    expect(words.remedy).toContain('Structure');
  });
});
