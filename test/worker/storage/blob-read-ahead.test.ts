import { describe, expect, it } from 'vitest';
import { BlobReadAhead } from '../../../src/worker/storage/blob-read-ahead.ts';
import { pattern } from '../../engine/storage/contract.ts';

const MIB = 1024 * 1024;

/** A blob that notes which parts of it are read. */
function watched(bytes: Uint8Array<ArrayBuffer>) {
  const slices: { at: number; length: number }[] = [];
  const blob = new Blob([bytes]);
  const watching = {
    size: blob.size,
    slice(at: number, end: number) {
      slices.push({ at, length: end - at });
      return blob.slice(at, end);
    },
  };
  // Only what is used of a blob.
  const readAhead = new BlobReadAhead(watching as Blob);
  const read = async (at: number, length: number) => {
    const into = new Uint8Array(length).fill(0xee);
    await readAhead.read(at, into);
    return Buffer.from(into);
  };
  return { read, slices };
}

describe('reading a blob ahead', () => {
  const bytes = pattern(64 * MIB);
  const expected = (at: number, length: number) => Buffer.from(bytes.subarray(at, at + length));

  it('reads ever longer pieces, several at a time, where reads follow one another', async () => {
    const { read, slices } = watched(bytes);
    for (let at = 0; at < 64 * MIB; at += 2 * MIB) {
      expect((await read(at, 2 * MIB)).equals(expected(at, 2 * MIB))).toBe(true);
    }
    expect(slices.map(({ length }) => length / MIB)).toEqual([2, 4, 8, 8, 8, 8, 8, 8, 8, 2]);
    expect(slices.map(({ at }) => at / MIB)).toEqual([0, 2, 6, 14, 22, 30, 38, 46, 54, 62]);
  });

  it('reads no more than is asked for where reads jump about', async () => {
    const { read, slices } = watched(bytes);
    for (const at of [9 * MIB, 3 * MIB, 5 * MIB + 1, 0]) {
      expect((await read(at, 1000)).equals(expected(at, 1000))).toBe(true);
    }
    expect(slices.map(({ length }) => length)).toEqual([1000, 1000, 1000, 1000]);
  });

  it('finds what was read ahead behind a gap', async () => {
    const { read, slices } = watched(bytes);
    await read(0, MIB);
    await read(MIB, MIB);
    const { length } = slices;
    expect((await read(2 * MIB + 65536, MIB)).equals(expected(2 * MIB + 65536, MIB))).toBe(true);
    expect(slices.length).toBe(length);
  });

  it('reads zeros past the end', async () => {
    const { read } = watched(pattern(1000));
    expect(await read(900, 200)).toEqual(Buffer.concat([Buffer.from(pattern(1000).subarray(900)), Buffer.alloc(100)]));
    expect(await read(1000, 5)).toEqual(Buffer.alloc(5));
    expect(await read(5000, 5)).toEqual(Buffer.alloc(5));
  });

  it('fails where the blob cannot be read', async () => {
    const gone = {
      size: 1000,
      slice: () => ({ arrayBuffer: () => Promise.reject(new DOMException('', 'NotReadableError')) }),
    };
    const readAhead = new BlobReadAhead(gone as unknown as Blob);
    await expect(readAhead.read(0, new Uint8Array(10))).rejects.toMatchObject({ code: 'stale' });
  });
});
