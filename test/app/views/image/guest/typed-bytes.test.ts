import { describe, expect, it } from 'vitest';
import { typedBytes } from '../../../../../src/app/views/image/guest/typed-bytes.ts';

describe('typed bytes', () => {
  it('are text in UTF-8', () => {
    expect(typedBytes('aü', 'text')).toEqual(Uint8Array.of(0x61, 0xc3, 0xbc));
  });

  it.each(['51 46 49 fb', '514649FB', '0x51,0x46, 0x49 0xfb'])('are hex: %s', (typed) => {
    expect(typedBytes(typed, 'hex')).toEqual(Uint8Array.of(0x51, 0x46, 0x49, 0xfb));
  });

  it.each(['5', '5g', '51 4'])('are not hex: %s', (typed) => {
    expect(typedBytes(typed, 'hex')).toBeNull();
  });
});
