import { deflateRawSync, inflateRawSync, constants } from 'node:zlib';
import { deflateSync as fflateDeflate } from 'fflate';
import { deflateRaw as pakoDeflateRaw } from 'pako';
import { describe, expect, it } from 'vitest';
import { inflateRaw, isEngineError } from '#engine';
import {
  damaged,
  GuardedRoom,
  mixedSample,
  placesInSharedMemory,
  randomOf,
  sample,
  SAMPLE_KINDS,
  type SampleKind,
} from './sample-data.ts';
import { SEED } from '../../tools/seed.ts';

const KINDS = Object.keys(SAMPLE_KINDS) as SampleKind[];

/** Every encoder at hand, in the settings that change what kinds of blocks and codes it writes. */
const ENCODERS: Record<string, (bytes: Uint8Array) => Uint8Array> = {
  'zlib stored': (bytes) => deflateRawSync(bytes, { level: 0 }),
  'zlib 1': (bytes) => deflateRawSync(bytes, { level: 1 }),
  'zlib 6 as qemu-img writes': (bytes) => deflateRawSync(bytes, { level: 6, windowBits: 12, memLevel: 9 }),
  'zlib 9': (bytes) => deflateRawSync(bytes, { level: 9 }),
  'zlib small blocks': (bytes) => deflateRawSync(bytes, { memLevel: 1 }),
  'zlib fixed codes': (bytes) => deflateRawSync(bytes, { strategy: constants.Z_FIXED }),
  'zlib literals only': (bytes) => deflateRawSync(bytes, { strategy: constants.Z_HUFFMAN_ONLY }),
  'zlib runs only': (bytes) => deflateRawSync(bytes, { strategy: constants.Z_RLE }),
  pako: (bytes) => pakoDeflateRaw(bytes),
  fflate: (bytes) => fflateDeflate(bytes, { level: 9 }),
};

/** For hundreds of streams, on a machine that is busy. */
const LONG = { timeout: 60_000 };

describe(`inflateRaw, seed ${SEED}`, () => {
  describe.each(Object.entries(ENCODERS))('gives back what %s compressed', (_name, encode) => {
    it.each(KINDS)('%s', (kind) => {
      const random = randomOf(SEED);
      for (const length of [1, 2, 300, 4096, 65_536, 200_000]) {
        const content = sample(kind, length, random);
        const target = new GuardedRoom(length);
        expect(inflateRaw(encode(content), target.room), `${length} bytes`).toBe(length);
        expect(Buffer.compare(target.room, content), `${length} bytes`).toBe(0);
        expect(target.isIntact).toBe(true);
      }
    });
  });

  it('ignores what follows the stream, as a compressed cluster is padded to sectors', () => {
    const random = randomOf(SEED);
    const content = sample('words', 4096, random);
    const stream = Uint8Array.from([...deflateRawSync(content), ...sample('noise', 700, random)]);
    const output = new Uint8Array(4096);
    expect(inflateRaw(stream, output)).toBe(4096);
    expect(output).toEqual(content);
  });

  it('gives less than there is room for when the stream ends', () => {
    const output = new Uint8Array(100).fill(7);
    expect(inflateRaw(deflateRawSync('abc'), output)).toBe(3);
    expect([...output.subarray(0, 5)]).toEqual([97, 98, 99, 7, 7]);
  });

  it('stops when the output is full, wherever in the stream that is', () => {
    const random = randomOf(SEED);
    for (const kind of KINDS) {
      const content = sample(kind, 70_000, random);
      const stream = deflateRawSync(content);
      for (const length of [0, 1, 2, 257, 4095, 65_536]) {
        const target = new GuardedRoom(length);
        expect(inflateRaw(stream, target.room)).toBe(length);
        expect(Buffer.compare(target.room, content.subarray(0, length)), `${kind}, ${length}`).toBe(0);
        expect(target.isIntact).toBe(true);
      }
    }
  });

  it('minds nothing that is missing behind the last byte wanted', () => {
    // Matches across the end, lengths without their distance; the only distance code has one bit, and its other value
    // means nothing.
    const stream = deflateRawSync(new Uint8Array(16_384), { strategy: constants.Z_RLE });
    for (let length = 0; length < stream.length; length++) {
      const cut = stream.subarray(0, length);
      for (const wanted of [1, 2, 258, 259, 260, 516, 517, 8000]) {
        const target = new GuardedRoom(wanted);
        if (gives(cut, wanted)) expect(inflateRaw(cut, target.room), `${length} bytes, ${wanted} wanted`).toBe(wanted);
        else expect(() => inflateRaw(cut, target.room), `${length} bytes, ${wanted} wanted`).toThrow();
      }
    }
  });

  it('reads from and writes into the middle of larger memory', () => {
    const memory = new Uint8Array(5000).fill(0xff);
    const stream = deflateRawSync('clusters share a sector');
    memory.set(stream, 1001);
    const output = memory.subarray(3003, 3026);
    expect(inflateRaw(memory.subarray(1001, 1001 + stream.length), output)).toBe(23);
    expect(Buffer.from(output).toString()).toBe('clusters share a sector');
  });

  it('reads memory that threads share, wherever in it a stream begins', () => {
    const content = mixedSample(60_000, randomOf(SEED));
    const stream = deflateRawSync(content);
    for (const input of placesInSharedMemory(stream)) {
      const target = new GuardedRoom(content.length);
      expect(inflateRaw(input, target.room)).toBe(content.length);
      expect(Buffer.compare(target.room, content), `from byte ${input.byteOffset} on`).toBe(0);
    }
  });

  // Bits in the order of the stream; spaces only divide them.
  it.each([
    ['nothing at all', '', 'the stream ends too early'],
    ['a reserved block type', '1 11', 'invalid block type'],
    ['a stored block without its length', '1 00 00000', 'the stream ends too early'],
    ['a stored length that does not match', `1 00 00000 ${'0'.repeat(32)}`, 'stored block length does not match'],
    ['a match before any data', '1 10 0000001 00000 0000000', 'a match reaches back before the start'],
    ['length code 286', '1 10 11000110 00000000', 'invalid literal or length code'],
    ['distance code 30', '1 10 00110000 0000001 11110 0000000', 'invalid distance code'],
    ['a fixed block without its end', '1 10 00110000', 'the stream ends too early'],
    ['286 + 2 literal and length codes', '1 01 11111 00000 0000 000000000000', 'too many length or distance symbols'],
    ['31 distance codes', '1 01 00000 01111 0000 000000000000', 'too many length or distance symbols'],
    ['code lengths without a code', `1 01 00000 00000 0000 ${'0'.repeat(12)} 0000`, 'invalid code lengths set'],
    ['an over-subscribed code', `1 01 00000 00000 0000 100 100 100 100`, 'invalid code lengths set'],
    ['a repeat of nothing', `1 01 00000 00000 0000 100 000 000 100 1 00 00000000`, 'invalid bit length repeat'],
    ['no end-of-block code', '1 01 00000 00000 0000 000 000 100 100 1 1111111 1 1011011', 'missing end-of-block code'],
  ])('rejects %s', (_name, bits, problem) => {
    const target = new GuardedRoom(100);
    expect(() => inflateRaw(bytesOf(bits), target.room)).toThrow(
      expect.objectContaining({ code: 'corrupt', message: `Invalid deflate data: ${problem}` }),
    );
    expect(target.isUntouched).toBe(true);
  });

  it('agrees with zlib about damaged streams, and never touches memory outside its output', LONG, () => {
    const random = randomOf(SEED);
    const room = new GuardedRoom(1 << 20);
    let accepted = 0;
    for (let round = 0; round < 1500; round++) {
      const encode = Object.values(ENCODERS)[random(Object.keys(ENCODERS).length)]!;
      const stream = damaged(encode(mixedSample(1 + random(1 << random(12)), random)), random);
      const expected = zlibVerdict(stream, room.room.length);
      const actual = ourVerdict(stream, room.room);
      if (expected === 'too long') expect(actual, `round ${round}`).toHaveLength(room.room.length);
      else if (expected === null || actual === null) expect(actual, `round ${round}`).toBe(expected);
      else expect(Buffer.compare(actual, expected), `round ${round}`).toBe(0);
      if (actual !== null) accepted++;
    }
    expect(room.isIntact).toBe(true);
    expect(accepted).toBeGreaterThan(50);
    expect(accepted).toBeLessThan(1450);
  });
});

/** Whether zlib gets so many bytes out of a stream that may be cut short. */
function gives(stream: Uint8Array, wanted: number): boolean {
  try {
    return inflateRawSync(stream, { finishFlush: constants.Z_SYNC_FLUSH }).length >= wanted;
  } catch {
    return false;
  }
}

/** What zlib reads from a stream; null when it rejects it. */
function zlibVerdict(stream: Uint8Array, lengthMax: number): Uint8Array | 'too long' | null {
  try {
    return inflateRawSync(stream, { maxOutputLength: lengthMax });
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too long' : null;
  }
}

function ourVerdict(stream: Uint8Array, room: Uint8Array): Uint8Array | null {
  try {
    return room.subarray(0, inflateRaw(stream, room));
  } catch (error) {
    if (!isEngineError(error, 'corrupt')) throw error;
    return null;
  }
}

function bytesOf(bits: string): Uint8Array {
  const digits = bits.replaceAll(' ', '');
  const bytes = new Uint8Array(Math.ceil(digits.length / 8));
  [...digits].forEach((digit, i) => {
    if (digit === '1') bytes[i >> 3]! |= 1 << (i & 7);
  });
  return bytes;
}
