import { FIRST_SCENARIO } from '#protocol';
import { describe, expect, it } from 'vitest';
import { isSamePlace, placeParams, readPlace, type LabPlace } from '../../../src/app/views/lab/lab-address.ts';

const place: LabPlace = {
  scenario: FIRST_SCENARIO,
  imageId: null,
  crashes: [{ cut: 7, persisted: [0, 3] }],
  isReopened: true,
  stop: 4,
  guide: 2,
};

describe('the address of a moment', () => {
  it('brings back everything it was made from', () => {
    expect(readPlace(placeParams(place))).toEqual(place);
  });

  it('leaves out what is usual', () => {
    const usual = { ...place, crashes: [], isReopened: false, stop: null, guide: null };
    expect(Object.keys(placeParams(usual))).toEqual(['s']);
    expect(readPlace(placeParams(usual))).toEqual(usual);
  });

  it('is null where there is no scenario, or one that cannot be read', () => {
    expect(readPlace({ at: '3' })).toBeNull();
    expect(readPlace({ s: 'v9~nonsense' })).toBeNull();
  });

  it('does not reopen an image that never crashed', () => {
    const { s } = placeParams({ ...place, crashes: [] });
    expect(readPlace({ s: s!, open: '1' })?.isReopened).toBe(false);
  });

  it('ignores positions that are not numbers', () => {
    const { s } = placeParams(place);
    expect(readPlace({ s: s!, at: '-1', guide: 'x' })).toMatchObject({ stop: null, guide: null });
  });

  it('counts the guide’s steps from 1', () => {
    expect(placeParams(place)).toMatchObject({ guide: '3' });
  });

  it('is the same place whatever the order of its parts', () => {
    expect(isSamePlace({ a: '1', b: '2' }, { b: '2', a: '1' })).toBe(true);
    expect(isSamePlace({ a: '1' }, { a: '1', b: '2' })).toBe(false);
  });
});
