import { describe, expect, it } from 'vitest';
import { MemoryStorage } from '#engine';
import { describeStorageContract, expectBytes, pattern } from './contract.ts';

describeStorageContract('memory', () => {
  let storage = new MemoryStorage();
  return { open: () => (storage = new MemoryStorage()), remove: () => storage.close(), isPersistent: false };
});

describe('memory', () => {
  it('gives its bytes in one piece', () => {
    const storage = MemoryStorage.from(pattern(70_000));
    storage.truncate(140_000);
    expectBytes(storage.toBytes().subarray(0, 70_000), pattern(70_000));
    expect(storage.toBytes().length).toBe(140_000);
  });

  it('costs nothing for what was never written', () => {
    const storage = new MemoryStorage();
    storage.truncate(100 * 2 ** 30);
    storage.write(99 * 2 ** 30, pattern(10));
    expect(storage.size).toBe(100 * 2 ** 30);
  });
});
