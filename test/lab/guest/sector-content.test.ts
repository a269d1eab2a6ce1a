import { describe, expect, it } from 'vitest';
import { BACKING, SECTOR, authorOf, contentText, writtenBytes } from '../../../src/lab/guest/sector-content.ts';

describe('what the simulated guest writes', () => {
  it('says in every sector who wrote it and for which place', () => {
    const bytes = writtenBytes({ kind: 'operation', operation: 2 }, 0x1000, 2 * SECTOR);
    expect(new TextDecoder().decode(bytes.subarray(SECTOR, SECTOR + 64))).toBe(
      'op    3 guest 0x000000001200   \nop    3 guest 0x000000001200   \n',
    );
  });

  it.each([
    ['op 3', { kind: 'operation', operation: 2 }],
    ['preparation 1', { kind: 'preparation', operation: 0 }],
    ['backing file', BACKING],
  ] as const)('is recognised: %s', (text, author) => {
    const sector = writtenBytes(author, 512, SECTOR);
    expect(authorOf(sector)).toEqual({ author, at: 512 });
    expect(contentText(sector)).toBe(text);
  });

  it('is not recognised when a single byte differs', () => {
    const sector = writtenBytes(BACKING, 0, SECTOR);
    sector[400]! ^= 1;
    expect(authorOf(sector)).toBeNull();
    expect(contentText(sector)).toBe('other bytes');
  });

  it('calls an empty sector zeros', () => {
    expect(contentText(new Uint8Array(SECTOR))).toBe('zeros');
  });
});
