import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeName, encodeName, upToNul } from '../../../src/engine/format/name.ts';

describe('names', () => {
  it('are UTF-8 where they can be', () => {
    expect(decodeName(Uint8Array.of(0xc3, 0xbc, 0x62))).toBe('üb');
    expect(encodeName('üb')).toEqual(Uint8Array.of(0xc3, 0xbc, 0x62));
  });

  it('keep a byte order mark', () => {
    expect(encodeName(decodeName(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)))).toEqual(
      Uint8Array.of(0xef, 0xbb, 0xbf, 0x61),
    );
  });

  it('become the same bytes again, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(encodeName(decodeName(bytes))).toEqual(bytes);
      }),
    );
  });

  it('become the same text again, whatever the text is', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (text) => {
        expect(decodeName(encodeName(text))).toBe(text);
      }),
    );
  });

  it('end at the first NUL where C reads them', () => {
    expect(upToNul(Uint8Array.of(1, 2, 0, 3))).toEqual(Uint8Array.of(1, 2));
    expect(upToNul(Uint8Array.of(1, 2))).toEqual(Uint8Array.of(1, 2));
  });
});
