import { decompress as fzstdDecompress } from 'fzstd';
import { describe, expect, it } from 'vitest';
import { isEngineError, zstdCompress, zstdDecompress } from '#engine';
import { damaged, GuardedRoom, mixedSample, placesInSharedMemory, randomOf } from '../sample-data.ts';
import { FLUSHED_CONTENT, FLUSHED_FRAME } from './flushed-frame.ts';
import { SEED } from '../../../tools/seed.ts';

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const SKIPPABLE = [0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
const ABC = [...MAGIC, 0x20, 3, 0x19, 0, 0, 97, 98, 99];
const XXXX = [...MAGIC, 0x20, 4, 0x23, 0, 0, 120];

/** For hundreds of streams, on a machine that is busy. */
const LONG = { timeout: 60_000 };

describe(`zstdDecompress, seed ${SEED}`, () => {
  it('reads a frame of many blocks whose tables and codes are used again', () => {
    const target = new GuardedRoom(FLUSHED_CONTENT.length);
    expect(zstdDecompress(FLUSHED_FRAME, target.room)).toBe(FLUSHED_CONTENT.length);
    expect(Buffer.compare(target.room, FLUSHED_CONTENT)).toBe(0);
    expect(target.isIntact).toBe(true);
  });

  it('reads memory that threads share, wherever in it a frame begins', () => {
    for (const input of placesInSharedMemory(FLUSHED_FRAME)) {
      const target = new GuardedRoom(FLUSHED_CONTENT.length);
      expect(zstdDecompress(input, target.room)).toBe(FLUSHED_CONTENT.length);
      expect(Buffer.compare(target.room, FLUSHED_CONTENT), `from byte ${input.byteOffset} on`).toBe(0);
    }
  });

  it.each([
    ['a stored block', ABC, 'abc'],
    ['a run', XXXX, 'xxxx'],
    ['an empty frame', [...MAGIC, 0x20, 0, 1, 0, 0], ''],
    ['a window descriptor and no content size', [...MAGIC, 0, 0x40, ...ABC.slice(6)], 'abc'],
    ['two blocks', [...MAGIC, 0, 0x40, 0x18, 0, 0, 97, 98, 99, 0x23, 0, 0, 120], 'abcxxxx'],
    ['a dictionary number of 0, which means none', [...MAGIC, 0x23, 0, 0, 0, 0, ...ABC.slice(5)], 'abc'],
    ['a content size of 8 bytes', [...MAGIC, 0xe0, 3, 0, 0, 0, 0, 0, 0, 0, ...ABC.slice(6)], 'abc'],
    ['a correct checksum', [...MAGIC, 0x24, ...ABC.slice(5), 0x99, 0x09, 0x77, 0xad], 'abc'],
    ['a checksum of nothing', [...MAGIC, 0x24, 0, 1, 0, 0, 0x99, 0xe9, 0xd8, 0x51], ''],
    ['literals without sequences', [...MAGIC, 0x20, 3, 0x2d, 0, 0, 0x18, 97, 98, 99, 0], 'abc'],
    ['a run of literals', [...MAGIC, 0x20, 5, 0x1d, 0, 0, 0x29, 122, 0], 'zzzzz'],
    ['frames back to back', [...ABC, ...XXXX], 'abcxxxx'],
    ['a skippable frame before and between', [...SKIPPABLE, ...ABC, ...SKIPPABLE, ...XXXX], 'abcxxxx'],
    ['padding after the last frame', [...ABC, ...new Array<number>(500).fill(0)], 'abc'],
  ])('reads %s', (_name, frame, text) => {
    const target = new GuardedRoom(20);
    expect(zstdDecompress(Uint8Array.from(frame), target.room)).toBe(text.length);
    expect(Buffer.from(target.room.subarray(0, text.length)).toString()).toBe(text);
    expect(target.isIntact).toBe(true);
  });

  it('stops between frames when the output is full', () => {
    const output = new Uint8Array(3);
    expect(zstdDecompress(Uint8Array.from([...ABC, ...XXXX]), output)).toBe(3);
    expect(Buffer.from(output).toString()).toBe('abc');
  });

  it.each([
    ['nothing', [], 'no frame'],
    ['something else', [1, 2, 3, 4, 5], 'no frame'],
    ['a frame longer than the output', [...MAGIC, 0x20, 200, 0x43, 6, 0, 1], 'a frame gives more than it may'],
    [
      'a length other than the stated',
      [...MAGIC, 0x20, 4, ...ABC.slice(6)],
      'a frame does not have the length it states',
    ],
    ['a reserved bit', [...MAGIC, 0x28, ...ABC.slice(5)], 'a reserved bit is set'],
    ['a reserved block type', [...MAGIC, 0x20, 3, 0x1f, 0, 0, 97, 98, 99], 'invalid block type'],
    ['a block above 128 KiB', [...MAGIC, 0x20, 3, 0x0b, 0, 0x10, 97], 'a block is too large'],
    ['a wrong checksum', [...MAGIC, 0x24, ...ABC.slice(5), 0, 0, 0, 0], 'a checksum does not match'],
    ['a missing checksum', [...MAGIC, 0x24, ...ABC.slice(5), 0, 0], 'a checksum is truncated'],
    ['a missing header', MAGIC, 'a frame header is truncated'],
    ['a missing block', [...MAGIC, 0x20, 3], 'a block header is truncated'],
    ['a cut block', ABC.slice(0, -1), 'a block is truncated'],
    ['a cut skippable frame', SKIPPABLE.slice(0, -1), 'a skippable frame is truncated'],
    [
      'a Huffman code used again at first',
      [...MAGIC, 0x20, 3, 0x2d, 0, 0, 0x33, 0x40, 0, 1, 0],
      'a Huffman code is to be used again, but there was none',
    ],
    [
      'tables used again at first',
      [...MAGIC, 0x20, 3, 0x25, 0, 0, 0, 1, 0xfc, 1],
      'the literal length table is to be used again, but there was none',
    ],
  ])('rejects %s', (_name, frame, problem) => {
    const target = new GuardedRoom(20);
    expect(() => zstdDecompress(Uint8Array.from(frame), target.room)).toThrow(
      expect.objectContaining({ code: 'corrupt', message: `Invalid zstd data: ${problem}` }),
    );
    expect(target.isUntouched).toBe(true);
  });

  it('refuses by name what needs a dictionary', () => {
    const frame = Uint8Array.from([...MAGIC, 0x21, 7, ...ABC.slice(5)]);
    expect(() => zstdDecompress(frame, new Uint8Array(3))).toThrow(
      expect.objectContaining({ code: 'unsupported', message: expect.stringContaining('dictionary') as string }),
    );
  });

  it('rejects every truncation of a frame', () => {
    for (let length = 0; length < FLUSHED_FRAME.length; length++) {
      const target = new GuardedRoom(FLUSHED_CONTENT.length);
      expect(ourVerdict(FLUSHED_FRAME.subarray(0, length), target.room), `${length} bytes`).toBe(null);
      expect(target.isUntouched).toBe(true);
    }
  });

  it('never gives wrong content for a frame with a checksum and a wrong bit', LONG, () => {
    for (let bit = 0; bit < FLUSHED_FRAME.length * 8; bit += 3) {
      const frame = FLUSHED_FRAME.slice();
      frame[bit >> 3]! ^= 1 << (bit & 7);
      const given = ourVerdict(frame, new Uint8Array(FLUSHED_CONTENT.length));
      // Some bits say nothing about the content: the window's size, or padding.
      if (given !== null) expect(Buffer.compare(given, FLUSHED_CONTENT), `bit ${bit}`).toBe(0);
    }
  });

  it('reads damaged streams as fzstd does or rejects them, and never touches memory outside its output', LONG, () => {
    const random = randomOf(SEED);
    const room = new GuardedRoom(1 << 17);
    let accepted = 0;
    for (let round = 0; round < 1500; round++) {
      const content = mixedSample(1 + random(1 << random(16)), random);
      const stream = new Uint8Array(content.length + 300);
      const frame = damaged(stream.subarray(0, zstdCompress(content, stream)!), random);
      const ours = ourVerdict(frame, room.room.subarray(0, content.length));
      const theirs = fzstdVerdict(frame);
      if (ours === null || theirs === null) continue;
      accepted++;
      expect(Buffer.compare(ours, theirs), `round ${round}`).toBe(0);
    }
    expect(room.isIntact).toBe(true);
    expect(accepted).toBeGreaterThan(50);
    expect(accepted).toBeLessThan(1450);
  });
});

/** What fzstd reads; it also rejects bytes after the last frame, and does not look at everything that we look at. */
function fzstdVerdict(frame: Uint8Array): Uint8Array | null {
  try {
    return fzstdDecompress(frame);
  } catch {
    return null;
  }
}

function ourVerdict(stream: Uint8Array, room: Uint8Array): Uint8Array | null {
  try {
    return room.subarray(0, zstdDecompress(stream, room));
  } catch (error) {
    if (!isEngineError(error, 'corrupt') && !isEngineError(error, 'unsupported')) throw error;
    return null;
  }
}
