import { expect, it } from 'vitest';
import { sharedTransferMemory, transferMemory } from '#engine';

it.each([0, 1, 4096, 128 * 1024 - 1, 128 * 1024, 2 * 1024 * 1024])('%i bytes are zero, and all there', (length) => {
  for (const bytes of [transferMemory(length), sharedTransferMemory(length)]) {
    expect(bytes.length).toBe(length);
    expect(bytes.every((byte) => byte === 0)).toBe(true);
    // Words of eight bytes can be looked at.
    expect(bytes.byteOffset % 16).toBe(0);
  }
});
