import { describe, expect, it, vi } from 'vitest';
import { ByteSource } from '../../../src/app/ui/byte-source.svelte.ts';

function source(size: number) {
  const load = vi.fn(async (at: number, length: number) => ({
    bytes: Uint8Array.from({ length }, (_, index) => ((at + index) / 4096) & 255),
    labels: [{ at, length: 8, label: `entry at ${at}`, value: '', meaning: '', target: null }],
  }));
  return { load, bytes: new ByteSource(size, load, () => undefined) };
}

describe('ByteSource', () => {
  it('fetches each block once, only the ones in view, and no further than the end', async () => {
    const { load, bytes } = source(10_000);
    bytes.want(4000, 9000);
    bytes.want(4000, 9000);
    await vi.waitFor(() => expect(bytes.byteAt(9999)).toBe(2));
    expect(load.mock.calls).toEqual([
      [0, 4096],
      [4096, 4096],
      [8192, 10_000 - 8192],
    ]);
  });

  it('knows nothing of a byte before it has arrived', () => expect(source(100).bytes.byteAt(5)).toBeNull());

  it('gives labels in order, alternating inside a block', async () => {
    const { bytes } = source(20_000);
    bytes.want(0, 12_000);
    await vi.waitFor(() => expect(bytes.labelsBetween(0, 12_000).map(({ at }) => at)).toEqual([0, 4096, 8192]));
    expect(bytes.labelsBetween(5000, 8192)).toEqual([]);
  });

  it('asks again for a block that failed', async () => {
    let isBroken = true;
    const errors: unknown[] = [];
    const bytes = new ByteSource(
      16,
      async (_at, length) => {
        if (isBroken) throw new Error('gone');
        return { bytes: new Uint8Array(length).fill(7), labels: [] };
      },
      (error) => errors.push(error),
    );
    bytes.want(0, 16);
    await vi.waitFor(() => expect(errors).toHaveLength(1));
    isBroken = false;
    bytes.want(0, 16);
    await vi.waitFor(() => expect(bytes.byteAt(0)).toBe(7));
  });
});
