import { describe, expect, it } from 'vitest';
import {
  decodeFeatureNames,
  encodeFeatureNames,
  nameIncompatibleBits,
} from '../../../src/engine/format/feature-name-table.ts';
import { FEATURES } from '../../../src/engine/format/features.ts';

describe('the feature name table', () => {
  it('names every known feature, in 48 bytes each', () => {
    expect(encodeFeatureNames().length).toBe(384);
    expect(decodeFeatureNames(encodeFeatureNames())).toEqual(FEATURES);
  });

  it('may end within the name of its last record', () => {
    const names = (length: number) =>
      decodeFeatureNames(encodeFeatureNames().subarray(0, length)).map(({ name }) => name);
    expect(names(104)).toEqual(['dirty bit', 'corrupt bit', 'extern']);
    expect(names(97)).toEqual(['dirty bit', 'corrupt bit']);
    expect(names(0)).toEqual([]);
  });

  it('says null for a kind of feature that the specification does not know', () => {
    const record = new Uint8Array(48);
    record[0] = 7;
    expect(decodeFeatureNames(record)[0]!.kind).toBeNull();
  });
});

describe('unknown incompatible bits', () => {
  const table = [
    { kind: 'compatible', bit: 5, name: 'not this one' },
    { kind: 'incompatible', bit: 5, name: 'shiny' },
    { kind: 'incompatible', bit: 7, name: 'newer' },
    { kind: null, bit: 0, name: '' },
    { kind: 'incompatible', bit: 6, name: 'after the end of the table' },
  ] as const;

  it('are named by the image’s own table', () => {
    expect(nameIncompatibleBits(0xa0n, table)).toBe('shiny, newer');
  });

  it('are one mask where the table does not name them', () => {
    expect(nameIncompatibleBits(0x8000000000000060n, table)).toBe(
      'shiny, Unknown incompatible feature: 8000000000000040',
    );
  });
});
