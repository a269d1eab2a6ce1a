import { describe, expect, it } from 'vitest';
import { drain, MemoryStorage } from '#engine';
import { copyStorage, copyToMemory } from '../../../src/worker/library/copy.ts';
import { expectBytes, pattern } from '../../engine/storage/contract.ts';

const MIB = 2 ** 20;

describe('a copy', () => {
  it('has all bytes, zeros at the end included', () => {
    const from = new MemoryStorage();
    from.write(MIB - 10, pattern(20));
    from.write(3 * MIB + 5, pattern(3));
    from.truncate(5 * MIB + 13);
    const to = new MemoryStorage();
    drain(copyStorage(from, to));
    expect(to.size).toBe(from.size);
    expectBytes(to.toBytes(), from.toBytes());
  });

  it('leaves holes where there are zeros, and says how far it is', () => {
    const from = new MemoryStorage();
    from.write(2 * MIB, pattern(10));
    from.truncate(10 * MIB);
    const written: number[] = [];
    const to = new MemoryStorage();
    const write = to.write.bind(to);
    to.write = (at, bytes) => {
      written.push(at);
      write(at, bytes);
    };
    const steps = [...copyStorage(from, to)];
    expect(written).toEqual([2 * MIB]);
    expect(steps.at(-1)).toEqual({ phase: 'copy', done: 10 * MIB, total: 10 * MIB });
  });

  it('into memory is refused where it would not fit', () => {
    const from = new MemoryStorage();
    from.truncate(2 ** 30 + 1);
    expect(() => copyToMemory(from)).toThrow(expect.objectContaining({ code: 'unsupported' }));
  });
});
